package filter

import (
	"errors"
	"fmt"
	"testing"

	"airlift/manifest/entry"
)

// A share takes about so many, always the same, and a larger one holds the smaller.
func TestSample(t *testing.T) {
	const objects = 20_000
	takes := func(share string) map[int]bool {
		s, err := ParseSample(share)
		if err != nil {
			t.Fatal(err)
		}
		f, err := New(Config{Sample: s})
		if err != nil {
			t.Fatal(err)
		}
		taken := map[int]bool{}
		for i := range objects {
			switch why := f.Skip(&entry.Entry{Bucket: "archive", Key: fmt.Sprintf("reels/%05d.mov", i)}); why {
			case "":
				taken[i] = true
			case SkipSample:
			default:
				t.Fatalf("skipped: %s", why)
			}
		}
		return taken
	}
	smaller := map[int]bool{}
	for _, c := range []struct {
		share       string
		least, most int
	}{{"0.1%", 5, 45}, {"5%", 850, 1150}, {"50%", 9700, 10300}, {"100%", objects, objects}} {
		taken := takes(c.share)
		if n := len(taken); n < c.least || n > c.most {
			t.Errorf("%s: got %d of %d", c.share, n, objects)
		}
		for i := range smaller {
			if !taken[i] {
				t.Errorf("%s leaves out what a smaller share takes", c.share)
				break
			}
		}
		smaller = taken
	}
	if s, err := ParseSample("250"); err != nil || s.Count != 250 {
		t.Errorf("250: got %+v, %v", s, err)
	}
	// Samples outlive releases: another hash would take other objects, and a rerun submit them too.
	if got, want := Rank("archive", "reels/00001.mov"), uint64(0xff87fc3fb1aa6704); got != want {
		t.Errorf("rank: got %#x, want %#x", got, want)
	}
	if Rank("a", "bc") == Rank("ab", "c") {
		t.Error("bucket and key run into each other")
	}
	for _, s := range []string{"", "0", "-1", "x", "1.5", "100001", "0%", "-1%", "101%", "%", "NaN%", "x%"} {
		if got, err := ParseSample(s); !errors.Is(err, entry.ErrUsage) {
			t.Errorf("%q: got %+v, %v, want ErrUsage", s, got, err)
		}
	}
}
