package filter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// maxList bounds a file of patterns: a million names of 64 bytes.
const maxList = 64 << 20

// readList reads a file of patterns as rclone does: one a line, without the blanks around it; blank lines and those
// that begin with # or ; are skipped. It also reads UTF-16 with a byte order mark, as PowerShell writes it. A file
// without a pattern, with NUL bytes or in another encoding is refused: it would be no filter at all. Errors name the
// file and the line.
func readList(name string, r io.Reader, add func(text string) error) error {
	content, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(content) > maxList {
		return fmt.Errorf("%s has more than %d MiB, and so is no list of patterns", name, maxList>>20)
	}
	text, err := decode(content)
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	some := false
	for i, line := range strings.Split(lineEnds.Replace(strings.TrimSuffix(text, "\x1a")), "\n") {
		p := strings.TrimSpace(strings.TrimLeft(line, "\ufeff"))
		if p == "" || p[0] == '#' || p[0] == ';' {
			continue
		}
		some = true
		switch {
		case strings.IndexByte(p, 0) >= 0:
			err = errors.New("it holds a NUL byte; save the file as UTF-8, one pattern a line")
		case !utf8.ValidString(p):
			err = errors.New("it is not UTF-8; save the file as UTF-8")
		default:
			err = add(p)
		}
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", name, i+1, err)
		}
	}
	if !some {
		return fmt.Errorf("%s holds no pattern; write one a line, or leave the flag out", name)
	}
	return nil
}

// lineEnds makes LF of the line ends of Windows (also written twice) and of old Macs.
var lineEnds = strings.NewReplacer("\r\r\n", "\n", "\r\n", "\n", "\r", "\n")

// decode returns the text of a file in UTF-8, or in UTF-16 with a byte order mark.
func decode(content []byte) (string, error) {
	if !bytes.HasPrefix(content, []byte{0xff, 0xfe}) && !bytes.HasPrefix(content, []byte{0xfe, 0xff}) {
		return string(content), nil
	}
	if len(content)%2 != 0 {
		return "", errors.New("is in UTF-16 and cut off; write it again, best in UTF-8")
	}
	text, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(content)
	if i := bytes.IndexRune(text, utf8.RuneError); err != nil || i >= 0 {
		return "", fmt.Errorf("is in UTF-16 and damaged at character %d; write it again, best in UTF-8", utf8.RuneCount(text[:max(i, 0)])+1)
	}
	return string(text), nil
}
