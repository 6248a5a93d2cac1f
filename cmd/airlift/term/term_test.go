package term

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"airlift/queue"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"reels/a b.mov":              "reels/a b.mov",
		"Zürich/日本語 🎬.mov":           "Zürich/日本語 🎬.mov",
		"e\u0301":                    "e\u0301", // NFD
		"no\u00a0break":              "no\u00a0break",
		`a\n`:                        `a\n`,
		"two\r\nlines\t":             `two\r\nlines\t`,
		"\x1b[31mred\x1b]0;x\a":      `\x1b[31mred\x1b]0;x\x07`,
		"\x00\x08\x0b\x0c\x7f":       `\x00\x08\x0b\x0c\x7f`,
		"\u009b31m":                  `\u009b31m`, // C1
		"\x9b31m\xff":                `\x9b31m\xff`,
		"a\u202egpj.exe\u2066\u2069": `a\u202egpj.exe\u2066\u2069`,
		"z\u200bw\u200d\ufeff\u00ad": `z\u200bw\u200d\ufeff\u00ad`,
		"\U000e0041tag":              `\U000e0041tag`,
		"\u2028\u2029\u3164\ufffe":   `\u2028\u2029\u3164\ufffe`,
		"\ufffd":                     "\ufffd", // the character itself
		"cut \xe2\x80":               `cut \xe2\x80`,
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q): got %s, want %s", in, got, want)
		}
		if got := IsPlain(in); got != (in == want) || IsPlain([]byte(in)) != got {
			t.Errorf("IsPlain(%q): got %v", in, got)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"short", 5, "short"}, {"longer", 4, "long..."}, {"née", 2, "n..."}, {"née", 3, "né..."}, {"日本", 5, "日..."},
		{"🎬🎬", 7, "🎬..."}, {"🎬🎬", 4, "🎬..."}, {"日本", 2, "..."}, {"\x80\x80\x80\x80\x80", 4, "\x80\x80\x80\x80..."},
	} {
		if got := Cut(c.in, c.most); got != c.want {
			t.Errorf("Cut(%q, %d): got %q, want %q", c.in, c.most, got, c.want)
		}
	}
}

// A long key is cut between characters, not inside one.
func TestRejectedCutsBetweenCharacters(t *testing.T) {
	got := Rejected(&queue.Rejected{Line: 2, Key: strings.Repeat("a", 99) + "\u00e9.mov", Reason: "a key has at most 1,024 bytes"})
	if want := `line 2 "` + strings.Repeat("a", 99) + `...": a key has at most 1,024 bytes`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// nasty has a character of each kind, and of each length in bytes.
const nasty = "a\x1b[2J\u009b1m\x7f\r é\u202e\u200b日\U000e0041🎬\xff\xe2\x80"

func TestWriter(t *testing.T) {
	in := nasty + "\n\tnext\n\xf0\x9f"
	want := `a\x1b[2J\u009b1m\x7f\r é\u202e\u200b日\U000e0041🎬\xff\xe2\x80` + "\n\tnext\n" + `\xf0\x9f`
	for size := 1; size <= len(in); size++ { // whatever the pieces are
		var out bytes.Buffer
		w := NewWriter(&out)
		for rest := []byte(in); len(rest) > 0; {
			n, err := w.Write(rest[:min(size, len(rest))])
			if err != nil || n != min(size, len(rest)) {
				t.Fatalf("Write: %d, %v", n, err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Fatalf("in pieces of %d: got %s, want %s", size, got, want)
		}
	}
}

func TestJSONWriter(t *testing.T) {
	value := strings.ToValidUTF8(nasty, "?") + "\u2028 \U000e0001"
	b, err := json.Marshal(map[string]string{value: value})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := NewJSONWriter(&out).Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
	for _, r := range strings.TrimSuffix(out.String(), "\n") {
		if !visible(r) {
			t.Errorf("%q passes", r)
		}
	}
	var got map[string]string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got[value] != value {
		t.Errorf("got %q, %v from %s", got, err, out.String())
	}
}

func TestWriterReportsErrors(t *testing.T) {
	wrong := errors.New("disk full")
	for _, text := range []string{"plain", "é", nasty} {
		if _, err := NewWriter(failing{wrong}).Write([]byte(text)); !errors.Is(err, wrong) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if _, err := NewWriter(iotest.TruncateWriter(new(bytes.Buffer), 1e6)).Write(nil); err != nil {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

type state string

func TestSprintf(t *testing.T) {
	const evil = "x\n\x1b[1m"
	for _, c := range []struct{ got, want string }{
		{Sprintf("%s\n", evil), `x\n\x1b[1m` + "\n"},
		{Sprintf("%v %v", errors.New(evil), state(evil)), `x\n\x1b[1m x\n\x1b[1m`},
		{Sprintf("%q", evil), `"x\n\x1b[1m"`},
		{Sprintf("%-12s|%6.2f|%d|%v", "a\x00", 1.5, 7, []int{1}), `a\x00       |  1.50|7|[1]`},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(nasty)
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) || !IsPlain(got) || Text(got) != got {
			t.Errorf("Text(%q) = %q", s, got)
		}
		var out bytes.Buffer
		w := NewWriter(&out)
		_, _ = w.Write([]byte(s))
		_ = w.Flush()
		if text := strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(out.String()); text != got {
			t.Errorf("the writer has %q, Text %q", text, got)
		}
	})
}
