package manifest

import (
	"strings"
	"testing"
)

// What is read eight bytes at a time tells the same as byte by byte, wherever the odd byte stands.
func TestPlainASCIIAtEachPlace(t *testing.T) {
	for c := range 256 {
		for at := range 18 {
			s := strings.Repeat("k", at) + string([]byte{byte(c)}) + strings.Repeat("z", 17-at)
			if got, want := plainASCII(s), c >= ' ' && c < 0x7f; got != want {
				t.Fatalf("plainASCII(%q): got %v, want %v", s, got, want)
			}
			if _, _, ok := splitScheme(s); ok && !mayHaveScheme(s) {
				t.Fatalf("mayHaveScheme(%q): got false", s)
			}
		}
	}
	for _, scheme := range []string{"s3", "s3a", "HTTPS", "arn:aws:s3::", "a-twelve.let"} {
		if s := scheme + "://bucket/key.mov"; !mayHaveScheme(s) {
			t.Errorf("mayHaveScheme(%q): got false", s)
		}
	}
}

// A key that was plain as it stood is checked again once it is unescaped.
func TestUnescapedKeysAreChecked(t *testing.T) {
	const host = "https://s3.wasabisys.com/archive/"
	all, rejected, err := read(t, FormatText, "archive", host+"a%00b.mov\n"+host+"c%FF.mov\n"+host+strings.Repeat("k", MaxKey+1)+"\n"+host+"d%20e.mov\n")
	want{rows: []string{"archive/d e.mov"}, rejects: []reject{{1, "NUL"}, {2, "UTF-8"}, {3, "1025 bytes"}}}.check(t, all, rejected, err)
}
