package manifest

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestReadPatterns(t *testing.T) {
	got, err := ReadPatterns("f", strings.NewReader("\ufeff*.mov\r\n# no\n; no\n\n  a/**  \n#x\nlast"))
	if want := []string{"*.mov", "a/**", "last"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for text, says := range map[string]string{
		"a\n#\n[\n":  "f: line 3: \"[\" is no valid pattern",
		"":           "f holds no pattern",
		"# only\n\n": "f holds no pattern",
		"a\n" + strings.Repeat("x", 100<<10) + "\n": "f: line 2: ",
	} {
		if got, err := ReadPatterns("f", strings.NewReader(text)); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: got %q, %v, want an error that says %q", text, got, err, says)
		}
	}
}
