package manifest

import (
	"errors"
	"testing"
	"time"
)

func TestFilter(t *testing.T) {
	row := func(key string) Entry { return Entry{Key: key} }
	object := func(key string) Entry { return Entry{Key: key, Scan: true} }
	sized := func(n int64) Entry { return Entry{Key: "a", Sized: true, Size: n} }
	noon := time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)
	dated := func(t time.Time) Entry { return Entry{Key: "a", LastModified: t} }
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
		{"folder marker of a manifest", FilterConfig{}, row("a/"), SkipFolderMarker},
		{"folder marker, asked for", FilterConfig{AllTypes: true, TakeFolders: true}, Entry{Key: "a/", Scan: true, Sized: true}, ""},
		{"a manifest takes all", FilterConfig{}, row("a/b.txt"), ""},
		{"a manifest with types", FilterConfig{Types: []string{"MP4", ".mov"}}, row("a/b.txt"), SkipType},
		{"types with and without dot", FilterConfig{Types: []string{"MP4", ".mov"}}, row("a/b.mov"), ""},
		{"types of a scan", FilterConfig{Types: []string{".txt"}}, object("a/b.mp4"), SkipType},
		{"a class", FilterConfig{Types: []string{"Video", "document"}}, row("a/b.mov"), ""},
		{"the other class", FilterConfig{Types: []string{"video", "document"}}, row("a/b.PDF"), ""},
		{"no class of those", FilterConfig{Types: []string{"video", "document"}}, row("a/b.png"), SkipType},
		{"a class and an extension", FilterConfig{Types: []string{"video", ".mkv"}}, row("a/b.mkv"), ""},
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
		{"exact name", FilterConfig{Include: []string{"c.mov"}}, row("a/b/c.mov"), ""},
		{"exact key", FilterConfig{Include: []string{"b/c.mov"}}, row("a/b/c.mov"), SkipNotIncluded},
		{"exact key hits", FilterConfig{Exclude: []string{"b/c.mov"}}, row("b/c.mov"), SkipExcluded},
		{"exact key at the root", FilterConfig{Exclude: []string{"/c.mov"}}, row("b/c.mov"), ""},
		{"escaped", FilterConfig{Exclude: []string{`c\[1\].mov`}}, row("b/c[1].mov"), SkipExcluded},
		{"case counts", FilterConfig{Include: []string{"*.mov"}}, row("C.MOV"), SkipNotIncluded},
		{"sent", FilterConfig{}, Entry{Key: "a", State: "submitted"}, SkipSent},
		{"sending", FilterConfig{}, Entry{Key: "a", State: "sending"}, SkipSent},
		{"in doubt", FilterConfig{AllTypes: true}, Entry{Key: "a", State: "in_doubt"}, SkipSent},
		{"failed", FilterConfig{}, Entry{Key: "a", State: "failed"}, ""},

		{"empty", FilterConfig{}, sized(0), SkipEmpty},
		{"empty, asked for", FilterConfig{TakeEmpty: true}, sized(0), ""},
		{"of unknown size", FilterConfig{}, row("a"), ""},
		{"empty and of no use", FilterConfig{Exclude: []string{"a"}}, sized(0), SkipExcluded},
		{"archived", FilterConfig{}, Entry{Key: "a", StorageClass: "GLACIER"}, SkipArchived},
		{"deep", FilterConfig{}, Entry{Key: "a", StorageClass: "DEEP_ARCHIVE"}, SkipArchived},
		{"read at once", FilterConfig{}, Entry{Key: "a", StorageClass: "GLACIER_IR"}, ""},
		{"archived, asked for", FilterConfig{TakeArchived: true}, Entry{Key: "a", StorageClass: "GLACIER"}, ""},
		{"smallest", FilterConfig{MinSize: 10}, sized(10), ""},
		{"too small", FilterConfig{MinSize: 10}, sized(9), SkipSmall},
		{"largest", FilterConfig{MaxSize: 10}, sized(10), ""},
		{"too large", FilterConfig{MaxSize: 10}, sized(11), SkipLarge},
		{"no size, at least", FilterConfig{MinSize: 10}, row("a"), SkipNoSize},
		{"no size, at most", FilterConfig{MaxSize: 10}, row("a"), SkipNoSize},
		{"since", FilterConfig{NewerThan: noon}, dated(noon), ""},
		{"before that", FilterConfig{NewerThan: noon}, dated(noon.Add(-1)), SkipOld},
		{"until", FilterConfig{OlderThan: noon}, dated(noon), ""},
		{"after that", FilterConfig{OlderThan: noon}, dated(noon.Add(1)), SkipNew},
		{"no date, since", FilterConfig{NewerThan: noon}, row("a"), SkipNoDate},
		{"no date, until", FilterConfig{OlderThan: noon}, row("a"), SkipNoDate},
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
		"a slip":        {Types: []string{"vidoe"}},
		"sizes crossed": {MinSize: 2, MaxSize: 1},
		"dates crossed": {NewerThan: time.Unix(2, 0), OlderThan: time.Unix(1, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewFilter(c); !errors.Is(err, ErrUsage) {
				t.Errorf("got %v, want ErrUsage", err)
			}
		})
	}
}
