package filter

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// utf16le and utf16be write a text as Windows does.
func utf16le(text string) string { return inUTF16(binary.LittleEndian, text) }
func utf16be(text string) string { return inUTF16(binary.BigEndian, text) }

func inUTF16(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestReadList(t *testing.T) {
	for text, want := range map[string][]string{
		"\ufeff*.mov\r\n# no\n; no\n\n  a/**  \n#x\nlast": {"*.mov", "a/**", "last"},
		"a\rb\r":                      {"a", "b"},
		"a\r\r\nb\r\r\n":              {"a", "b"},
		"a\n\ufeffb\n\x1a":            {"a", "b"},
		utf16le("stills/\r\nré*\r\n"): {"stills/", "ré*"},
		utf16be("# no\n\U0001f3ac\n"): {"\U0001f3ac"},
	} {
		var got []string
		err := readList("f", strings.NewReader(text), func(p string) error { got = append(got, p); return nil })
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for text, says := range map[string]string{
		"a\n#\n[\n":                   "f: line 3: ",
		"":                            "f holds no pattern",
		"# only\n\n":                  "f holds no pattern",
		"\xff\xfe":                    "f holds no pattern",
		"s\x00t\x00\n\x00":            "f: line 1: it holds a NUL byte",
		"a\nb\x00c\x00":               "f: line 2: it holds a NUL byte",
		"a\nr\xe9els\n":               "f: line 2: it is not UTF-8",
		utf16le("a")[:3]:              "f is in UTF-16 and cut off",
		"\xff\xfea\x00\x00\xd8b\x00":  "f is in UTF-16 and damaged at character 2",
		utf16le("") + "\x00\x00a\x00": "f: line 1: it holds a NUL byte",
	} {
		err := readList("f", strings.NewReader(text), func(p string) error {
			_, err := compileGlob(p)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want an error that says %q", text, err, says)
		}
	}
}
