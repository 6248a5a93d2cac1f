package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxList bounds a file of patterns: a million names of 64 bytes.
const maxList = 64 << 20

// readList reads a file of patterns as rclone does: one a line, without the
// blanks around it; blank lines and those that begin with # or ; say nothing.
// UTF-16 with its byte order mark, as PowerShell writes it, is read too. What
// cannot be meant as patterns is refused, for it would be taken as no filter at
// all: no pattern, NUL bytes, other encodings. Errors name the file and, where
// there is one, the line.
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
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(content, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return string(content), nil
	}
	content = content[2:]
	if len(content)%2 != 0 {
		return "", errors.New("is in UTF-16 and cut off; write it again, best in UTF-8")
	}
	units := make([]uint16, len(content)/2)
	for i := range units {
		units[i] = order.Uint16(content[2*i:])
	}
	runes := utf16.Decode(units)
	for i, r := range runes {
		if r == utf8.RuneError {
			return "", fmt.Errorf("is in UTF-16 and damaged at character %d; write it again, best in UTF-8", i+1)
		}
	}
	return string(runes), nil
}
