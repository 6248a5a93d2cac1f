package filter

import (
	"errors"
	"testing"
	"time"

	"airlift/manifest/entry"
)

func TestFilter(t *testing.T) {
	row := func(key string) entry.Entry { return entry.Entry{Key: key} }
	object := func(key string) entry.Entry { return entry.Entry{Key: key, Scan: true} }
	sized := func(n int64) entry.Entry { return entry.Entry{Key: "a", Sized: true, Size: n} }
	noon := time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)
	dated := func(t time.Time) entry.Entry { return entry.Entry{Key: "a", LastModified: t} }
	tests := []struct {
		name   string
		config Config
		entry  entry.Entry
		want   string
	}{
		{"a scan takes media", Config{}, object("a/b.mp4"), ""},
		{"in any case", Config{}, object("a/b.TIFF"), ""},
		{"and nothing else", Config{}, object("a/b.txt"), SkipType},
		{"no extension", Config{}, object("a.mp4/b"), SkipType},
		{"the last extension counts", Config{}, object("a.mp4.part"), SkipType},
		{"all types", Config{AllTypes: true}, object("a/b.txt"), ""},
		{"folder marker", Config{}, object("a/"), SkipFolderMarker},
		{"folder marker, all types", Config{AllTypes: true}, object("a.mp4/"), SkipFolderMarker},
		{"folder marker of a manifest", Config{}, row("a/"), SkipFolderMarker},
		{"folder marker, asked for", Config{AllTypes: true, TakeFolders: true}, entry.Entry{Key: "a/", Scan: true, Sized: true}, ""},
		{"a manifest takes all", Config{}, row("a/b.txt"), ""},
		{"a manifest with types", Config{Types: []string{"MP4", ".mov"}}, row("a/b.txt"), SkipType},
		{"types with and without dot", Config{Types: []string{"MP4", ".mov"}}, row("a/b.mov"), ""},
		{"types of a scan", Config{Types: []string{".txt"}}, object("a/b.mp4"), SkipType},
		{"a class", Config{Types: []string{"Video", "document"}}, row("a/b.mov"), ""},
		{"the other class", Config{Types: []string{"video", "document"}}, row("a/b.PDF"), ""},
		{"no class of those", Config{Types: []string{"video", "document"}}, row("a/b.png"), SkipType},
		{"a class and an extension", Config{Types: []string{"video", ".mkv"}}, row("a/b.mkv"), ""},
		{"include by base name", Config{Patterns: Patterns{Include: []string{"*.mov"}}}, row("a/b/c.mov"), ""},
		{"include misses", Config{Patterns: Patterns{Include: []string{"*.mov", "d*"}}}, row("a/b/c.mp4"), SkipNotIncluded},
		{"include by path", Config{Patterns: Patterns{Include: []string{"a/*/c.mov"}}}, row("a/b/c.mov"), ""},
		{"a star stops at a slash", Config{Patterns: Patterns{Include: []string{"a/*.mov"}}}, row("a/b/c.mov"), SkipNotIncluded},
		{"two stars do not", Config{Patterns: Patterns{Include: []string{"a/**/*.mov"}}}, row("a/b/b/c.mov"), ""},
		{"leading slash", Config{Patterns: Patterns{Include: []string{"/*.mov"}}}, row("a/c.mov"), SkipNotIncluded},
		{"leading slash, whole key", Config{Patterns: Patterns{Include: []string{"/*.mov"}}}, row("c.mov"), ""},
		{"braces", Config{Patterns: Patterns{Include: []string{"*.{mov,mp4}"}}}, row("a/c.mp4"), ""},
		{"an inclusion comes before an exclusion", Config{Patterns: Patterns{Include: []string{"*.mov"}, Exclude: []string{"proxy/**"}}}, row("proxy/c.mov"), ""},
		{"a folder at any depth", Config{Patterns: Patterns{Exclude: []string{"proxy/**"}}}, row("x/proxy/c.mov"), SkipExcluded},
		{"exact name", Config{Patterns: Patterns{Include: []string{"c.mov"}}}, row("a/b/c.mov"), ""},
		{"exact last parts", Config{Patterns: Patterns{Include: []string{"b/c.mov"}}}, row("a/b/c.mov"), ""},
		{"exact key hits", Config{Patterns: Patterns{Exclude: []string{"b/c.mov"}}}, row("b/c.mov"), SkipExcluded},
		{"exact key at the root", Config{Patterns: Patterns{Exclude: []string{"/c.mov"}}}, row("b/c.mov"), ""},
		{"escaped", Config{Patterns: Patterns{Exclude: []string{`c\[1\].mov`}}}, row("b/c[1].mov"), SkipExcluded},
		{"case counts", Config{Patterns: Patterns{Include: []string{"*.mov"}}}, row("C.MOV"), SkipNotIncluded},
		{"sent", Config{}, entry.Entry{Key: "a", State: "submitted"}, SkipSent},
		{"sending", Config{}, entry.Entry{Key: "a", State: "sending"}, SkipSent},
		{"in doubt", Config{AllTypes: true}, entry.Entry{Key: "a", State: "in_doubt"}, SkipSent},
		{"failed", Config{}, entry.Entry{Key: "a", State: "failed"}, ""},

		{"empty", Config{}, sized(0), SkipEmpty},
		{"empty, asked for", Config{TakeEmpty: true}, sized(0), ""},
		{"of unknown size", Config{}, row("a"), ""},
		{"empty and of no use", Config{Patterns: Patterns{Exclude: []string{"a"}}}, sized(0), SkipExcluded},
		{"archived", Config{}, entry.Entry{Key: "a", StorageClass: "GLACIER"}, SkipArchived},
		{"deep", Config{}, entry.Entry{Key: "a", StorageClass: "DEEP_ARCHIVE"}, SkipArchived},
		{"read at once", Config{}, entry.Entry{Key: "a", StorageClass: "GLACIER_IR"}, ""},
		{"archived, asked for", Config{TakeArchived: true}, entry.Entry{Key: "a", StorageClass: "GLACIER"}, ""},
		{"smallest", Config{MinSize: 10}, sized(10), ""},
		{"too small", Config{MinSize: 10}, sized(9), SkipSmall},
		{"largest", Config{MaxSize: 10}, sized(10), ""},
		{"too large", Config{MaxSize: 10}, sized(11), SkipLarge},
		{"no size, at least", Config{MinSize: 10}, row("a"), SkipNoSize},
		{"no size, at most", Config{MaxSize: 10}, row("a"), SkipNoSize},
		{"since", Config{NewerThan: noon}, dated(noon), ""},
		{"before that", Config{NewerThan: noon}, dated(noon.Add(-1)), SkipOld},
		{"until", Config{OlderThan: noon}, dated(noon), ""},
		{"after that", Config{OlderThan: noon}, dated(noon.Add(1)), SkipNew},
		{"no date, since", Config{NewerThan: noon}, row("a"), SkipNoDate},
		{"no date, until", Config{OlderThan: noon}, row("a"), SkipNoDate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := New(tt.config)
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
	for name, c := range map[string]Config{
		"bad include":   {Patterns: Patterns{Include: []string{"a["}}},
		"bad exclude":   {Patterns: Patterns{Exclude: []string{"{a"}}},
		"empty pattern": {Patterns: Patterns{Include: []string{""}}},
		"bad type":      {Types: []string{"*.mp4"}},
		"empty type":    {Types: []string{" "}},
		"both":          {Types: []string{"mp4"}, AllTypes: true},
		"a slip":        {Types: []string{"vidoe"}},
		"sizes crossed": {MinSize: 2, MaxSize: 1},
		"dates crossed": {NewerThan: time.Unix(2, 0), OlderThan: time.Unix(1, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(c); !errors.Is(err, entry.ErrUsage) {
				t.Errorf("got %v, want ErrUsage", err)
			}
		})
	}
}
