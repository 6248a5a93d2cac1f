package entry

import (
	"strings"
	"testing"
)

// What is read eight bytes at a time tells the same as byte by byte, wherever the odd byte stands.
func TestPlainASCIIAtEachPlace(t *testing.T) {
	for c := range 256 {
		for at := range 18 {
			s := strings.Repeat("k", at) + string([]byte{byte(c)}) + strings.Repeat("z", 17-at)
			if got, want := PlainASCII(s), c >= ' ' && c < 0x7f; got != want {
				t.Fatalf("plainASCII(%q): got %v, want %v", s, got, want)
			}
			if _, _, ok := SplitScheme(s); ok && !mayHaveScheme(s) {
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
