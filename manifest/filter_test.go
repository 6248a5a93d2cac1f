package manifest

import (
	"errors"
	"testing"
)

func TestFilter(t *testing.T) {
	row := func(key string) Entry { return Entry{Key: key} }
	object := func(key string) Entry { return Entry{Key: key, Scan: true} }
	tests := []struct {
		name   string
		config FilterConfig
		entry  Entry
		want   string
	}{
		{"a scan takes media", FilterConfig{}, object("a/b.mp4"), ""},
		{"in any case", FilterConfig{}, object("a/b.TIFF"), ""},
		{"and nothing else", FilterConfig{}, object("a/b.txt"), SkipType},
		{"no extension", FilterConfig{}, object("a.mp4/b"), SkipType},
		{"the last extension counts", FilterConfig{}, object("a.mp4.part"), SkipType},
		{"all types", FilterConfig{AllTypes: true}, object("a/b.txt"), ""},
		{"folder marker", FilterConfig{}, object("a/"), SkipFolderMarker},
		{"folder marker, all types", FilterConfig{AllTypes: true}, object("a.mp4/"), SkipFolderMarker},
		{"a manifest takes all", FilterConfig{}, row("a/b.txt"), ""},
		{"a manifest with types", FilterConfig{Types: []string{"MP4", ".mov"}}, row("a/b.txt"), SkipType},
		{"types with and without dot", FilterConfig{Types: []string{"MP4", ".mov"}}, row("a/b.mov"), ""},
		{"types of a scan", FilterConfig{Types: []string{"txt"}}, object("a/b.mp4"), SkipType},
		{"include by base name", FilterConfig{Include: []string{"*.mov"}}, row("a/b/c.mov"), ""},
		{"include misses", FilterConfig{Include: []string{"*.mov", "d*"}}, row("a/b/c.mp4"), SkipNotIncluded},
		{"include by path", FilterConfig{Include: []string{"a/*/c.mov"}}, row("a/b/c.mov"), ""},
		{"a star stops at a slash", FilterConfig{Include: []string{"a/*.mov"}}, row("a/b/c.mov"), SkipNotIncluded},
		{"two stars do not", FilterConfig{Include: []string{"a/**/*.mov"}}, row("a/b/b/c.mov"), ""},
		{"leading slash", FilterConfig{Include: []string{"/*.mov"}}, row("a/c.mov"), SkipNotIncluded},
		{"leading slash, whole key", FilterConfig{Include: []string{"/*.mov"}}, row("c.mov"), ""},
		{"braces", FilterConfig{Include: []string{"*.{mov,mp4}"}}, row("a/c.mp4"), ""},
		{"exclude wins", FilterConfig{Include: []string{"*.mov"}, Exclude: []string{"proxy/**"}}, row("proxy/c.mov"), SkipExcluded},
		{"exclude misses", FilterConfig{Exclude: []string{"proxy/**"}}, row("x/proxy/c.mov"), ""},
		{"case counts", FilterConfig{Include: []string{"*.mov"}}, row("C.MOV"), SkipNotIncluded},
		{"sent", FilterConfig{}, Entry{Key: "a", State: "submitted"}, SkipSent},
		{"sending", FilterConfig{}, Entry{Key: "a", State: "sending"}, SkipSent},
		{"in doubt", FilterConfig{AllTypes: true}, Entry{Key: "a", State: "in_doubt"}, SkipSent},
		{"failed", FilterConfig{}, Entry{Key: "a", State: "failed"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := NewFilter(tt.config)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Skip(&tt.entry); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFilterErrors(t *testing.T) {
	for name, c := range map[string]FilterConfig{
		"bad include":   {Include: []string{"a["}},
		"bad exclude":   {Exclude: []string{"{a"}},
		"empty pattern": {Include: []string{""}},
		"bad type":      {Types: []string{"*.mp4"}},
		"empty type":    {Types: []string{" "}},
		"both":          {Types: []string{"mp4"}, AllTypes: true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewFilter(c); !errors.Is(err, ErrUsage) {
				t.Errorf("got %v, want ErrUsage", err)
			}
		})
	}
}
