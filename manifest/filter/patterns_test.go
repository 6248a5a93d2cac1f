package filter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"airlift/manifest/entry"
)

// The examples of rclone.org/filtering, and what its text says beside them.
func TestPatternsMeanWhatRcloneDocuments(t *testing.T) {
	for pattern, keys := range map[string]struct{ yes, no string }{
		"file.jpg":          {"file.jpg directory/file.jpg", "afile.jpg directory/afile.jpg file.JPG"},
		"/file.jpg":         {"file.jpg", "afile.jpg directory/file.jpg"},
		"*.jpg":             {"file.jpg dir/file.jpg", "file.png dir/file.png"},
		"/*.jpg":            {"file.jpg file2.jpg", "dir/file.jpg"},
		"*.{jpg,png}":       {"file.jpg dir/file.png", "file.gif dir/file.gif"},
		"dir/**":            {"dir/anyfile subdir/dir/subsubdir/anyfile", "file.png subdir/file.png adir/file"},
		"/dir/**":           {"dir/anyfile dir/x/y", "subdir/dir/anyfile dirx/a"},
		"*.t?t":             {"file.txt dir/file.tzt", "file.qxt dir/file.png"},
		"*.[a-z]":           {"file.a dir/file.b", "file.0 dir/file.1"},
		`*.\?\?\?`:          {"file.??? dir/file.???", "file.abc dir/file.def"},
		`*.\d\d\d`:          {"file.012 dir/file.345", "file.abc dir/file.def"},
		"*.{{jpe?g}}":       {"file.jpeg file.jpg", "file.png dir/file.jpeeg"},
		`/{{.*\.jpe?g}}`:    {"file.jpeg file.jpg dir/file.jpg", "file.png"},
		"{{start.*end}}":    {"start/of/end x/start-end", "astart-end"},
		"*.{{(?i)jpg}}":     {"a.JPG b.jpg", "a.JPEG"},
		"{dir1/**,dir2/**}": {"dir1/a x/dir2/b/c", "dir3/a"},
		"{A,B}/**":          {"A/a x/B/b", "C/a"},
		"??[^[:punct:]]*":   {"abcd d/ab1", "ab.d d/ab"},
		`*\[{JP,KR,HK}\]*`:  {"a[JP].mov x/[HK]", "a[US].mov aJP"},
		"a/**/*.mov":        {"a/b/c.mov x/a/b/c/d.mov", "a/c.mov"},
		"**/a.mov":          {"x/a.mov x/y/a.mov", "a.mov"},
		"a**z.mov":          {"az.mov a/b/z.mov x/ab/cz.mov", "ba/z.mov"},
		"{a,{b,c}}.mov":     {"a.mov x/b.mov c.mov", "d.mov"},
		"{{a{2}}}.mov":      {"aa.mov", "a.mov aaa.mov"},
		"b/c.mov":           {"b/c.mov a/b/c.mov", "xb/c.mov b/c.mov.x"},
		"a+b(1).mov":        {"a+b(1).mov", "aab1.mov"},
		"[a\\-c].mov":       {"a.mov -.mov", "b.mov"},
		"**":                {"a a/b", ""},
	} {
		match, err := Keys("--include", []string{pattern})
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		for _, key := range strings.Fields(keys.yes) {
			if !match(key) {
				t.Errorf("%s does not match %s", pattern, key)
			}
		}
		for _, key := range strings.Fields(keys.no) {
			if match(key) {
				t.Errorf("%s matches %s", pattern, key)
			}
		}
	}
	if match, err := Keys("--key", []string{"a/**"}); err != nil || !match("a/two\nlines.mov") {
		t.Errorf("a key with a line end is not matched (%v)", err)
	}
}

func TestPatternsThatAreRefused(t *testing.T) {
	for _, p := range []string{"", "[", "a]", "{a", "a}", "***", "a\\", "[]a]", "[!a]*", "{{a", "{{(}}", "{{a)(b}}", "[z-a]", "r\xe9els", "\\é", "[[:nosuch:]]"} {
		if _, err := Keys("--key", []string{p}); !errors.Is(err, entry.ErrUsage) || !strings.Contains(err.Error(), "--key") {
			t.Errorf("%q: got %v, want ErrUsage", p, err)
		}
	}
	for _, p := range []Patterns{{Include: []string{"dir/"}}, {Filter: []string{"*.mov"}}, {Filter: []string{"+*.mov"}}, {Filter: []string{"- "}}, {ExcludeFrom: []string{"-"}}} {
		if _, err := New(Config{Patterns: p}); !errors.Is(err, entry.ErrUsage) {
			t.Errorf("%+v: got %v, want ErrUsage", p, err)
		}
	}
}

// Rules are looked at in rclone's order, the first match decides, and only an include leaves out what nothing matches.
func TestOrderOfRules(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) []string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{path}
	}
	const all = "a.mov a.wav proxies/a.mov proxies/b.wav x/proxies/c.mov x/d.txt"
	for name, c := range map[string]struct {
		patterns Patterns
		taken    string
	}{
		"include":                  {Patterns{Include: []string{"*.mov"}}, "a.mov proxies/a.mov x/proxies/c.mov"},
		"exclude a folder":         {Patterns{Exclude: []string{"proxies/"}}, "a.mov a.wav x/d.txt"},
		"exclude what is in it":    {Patterns{Exclude: []string{"proxies/**"}}, "a.mov a.wav x/d.txt"},
		"anchored":                 {Patterns{Exclude: []string{"/proxies/"}}, "a.mov a.wav x/proxies/c.mov x/d.txt"},
		"include before exclude":   {Patterns{Include: []string{"*.mov"}, Exclude: []string{"proxies/**"}}, "a.mov proxies/a.mov x/proxies/c.mov"},
		"include-from the same":    {Patterns{IncludeFrom: file("in", "*.mov\n"), ExcludeFrom: file("out", "proxies/\n")}, "a.mov proxies/a.mov x/proxies/c.mov"},
		"filter in its order":      {Patterns{Filter: []string{"- proxies/", "+ *.mov", "- **"}}, "a.mov"},
		"filter implies nothing":   {Patterns{Filter: []string{"+ *.mov", "- /proxies/**"}}, "a.mov a.wav proxies/a.mov x/proxies/c.mov x/d.txt"},
		"exclude before filter":    {Patterns{Exclude: []string{"*.txt"}, Filter: []string{"+ x/**", "- *"}}, "x/proxies/c.mov"},
		"filter before its file":   {Patterns{Filter: []string{"+ *.wav"}, FilterFrom: file("rules", "# keep\n- proxies/\n- *.wav\n")}, "a.mov a.wav proxies/b.wav x/d.txt"},
		"a folder is no object":    {Patterns{Filter: []string{"+ proxies/", "- **"}}, ""},
		"forgotten":                {Patterns{Filter: []string{"- *.mov", "!", "- *.wav"}}, "a.mov proxies/a.mov x/proxies/c.mov x/d.txt"},
		"implied in spite of that": {Patterns{Include: []string{"*.mov"}, Filter: []string{"!", "+ *.txt"}}, "x/d.txt"},
		"from standard input":      {Patterns{ExcludeFrom: []string{"-"}, Stdin: strings.NewReader("*.mov\n")}, "a.wav proxies/b.wav x/d.txt"},
		"again the other way":      {Patterns{Include: []string{"a.mov"}, Exclude: []string{"a.mov"}}, "a.mov proxies/a.mov"},
	} {
		f, err := New(Config{Patterns: c.patterns})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var taken []string
		for _, key := range strings.Fields(all) {
			if f.Skip(&entry.Entry{Key: key}) == "" {
				taken = append(taken, key)
			}
		}
		if got := strings.Join(taken, " "); got != c.taken {
			t.Errorf("%s: got %s, want %s", name, got, c.taken)
		}
	}
}

// The same name in either normal form is one name to a pattern, however it is looked up.
func TestPatternsInEitherNormalForm(t *testing.T) {
	const nfc, nfd = "r\u00e9els/\u30ac.mov", "re\u0301els/\u30ab\u3099.mov"
	for _, p := range []string{"ré", "r?els/*", "r[é]els/**", "{réels,x}/**", "{{r.els}}/**", "réels/", "/réels/ガ.mov", "réels/ガ.mov", "ガ.mov", "/réels/"} {
		for _, form := range []string{p, strings.NewReplacer("é", "e\u0301", "ガ", "\u30ab\u3099").Replace(p)} {
			if strings.Contains(form, "[e") { // a class of two characters
				continue
			}
			f, err := New(Config{Patterns: Patterns{Exclude: []string{form}}})
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{nfc, nfd} {
				if got, want := f.Skip(&entry.Entry{Key: key}) == SkipExcluded, p != "ré"; got != want {
					t.Errorf("%+q of %+q: got %v", form, key, got)
				}
			}
		}
	}
	// What matches the key's own characters goes on matching.
	if match, err := Keys("--key", []string{"r??els/**"}); err != nil || !match(nfd) || match(nfc) {
		t.Errorf("r??els: %v", err)
	}
}

func TestUnmatched(t *testing.T) {
	dir := t.TempDir()
	some, none := filepath.Join(dir, "some"), filepath.Join(dir, "none")
	for path, content := range map[string]string{some: "*.mov\nreels/\n*.mvo\n", none: "nothing/\n*.nothing\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := New(Config{Patterns: Patterns{Include: []string{"*.mov", "shadowed.mov", "/a/b.mov", "*.mpo"}, ExcludeFrom: []string{some, none}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Unmatched(); got != nil {
		t.Errorf("before any key: got %q", got)
	}
	for _, key := range []string{"reels/x.mov", "a/b.mov", "shadowed.mov", "x.txt"} {
		f.Skip(&entry.Entry{Key: key, State: "submitted"})
	}
	want := []string{`--include "*.mpo" matched nothing`,
		fmt.Sprintf(`1 of the 3 patterns of %s (--exclude-from) matched nothing, for example "*.mvo"`, some),
		fmt.Sprintf(`not one pattern of %s (--exclude-from) matched anything; the first is "nothing/"`, none)}
	if got := f.Unmatched(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !f.Overlaps() {
		t.Error("inclusions and exclusions are not told to contend")
	}
}
