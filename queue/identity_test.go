package queue

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestJobName(t *testing.T) {
	lawful := regexp.MustCompile(`^[A-Za-z0-9._-]+-[0-9a-f]{16}$`)
	seen := map[string]string{}
	for _, key := range []string{
		"a/b/clip.mov", "clip.mov", "a/clip.mov", "umläut.mov", "日本.mov", "🎬.mov", "a b+c%20.mov", "dir/", "x\n\x01y",
		strings.Repeat("long", 256), strings.Repeat("ü", 512),
	} {
		name := JobName("batch", Item{Bucket: "b", Key: key})
		if !lawful.MatchString(name) || utf8.RuneCountInString(name) > maxName {
			t.Errorf("the name of %q is %q", key, name)
		}
		if other, taken := seen[name]; taken {
			t.Errorf("%q and %q have the same name %s", key, other, name)
		}
		seen[name] = key
	}
	if got := JobName("b", Item{Bucket: "x", Key: "k", Name: "given name"}); got != "given name" {
		t.Errorf("a given name: got %q", got)
	}
	// The name finds the job again after the queue was lost: it must never change.
	if got, want := JobName("archive-2024", Item{Bucket: "media", Key: "reels/clip 1.mov"}), "clip_1.mov-eb580523fa55402a"; got != want {
		t.Errorf("the name changed: got %s, want %s", got, want)
	}
	for _, other := range []string{
		JobName("batc", Item{Bucket: "hb", Key: "k"}), JobName("batch", Item{Bucket: "b", Key: "k"}), JobName("batchb", Item{Bucket: "", Key: "k"}),
	} {
		if _, taken := seen[other]; taken {
			t.Errorf("two identities run together in %s", other)
		}
		seen[other] = other
	}
}

// The job of a version has a name of its own, of which the version can be read, whatever the name before it is.
func TestNameOfAVersion(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		it       Item
	}{
		"generated":         {"", Item{Bucket: "media", Key: "reels/clip 1.mov"}},
		"long":              {"", Item{Bucket: "media", Key: strings.Repeat("ü", 512)}},
		"given":             {"", Item{Bucket: "media", Key: "k", Name: "given name"}},
		"given and long":    {"", Item{Bucket: "media", Key: "k", Name: strings.Repeat("ü", maxName)}},
		"given like one":    {"", Item{Bucket: "media", Key: "k", Name: "x-0123456789abcdef"}},
		"by a template":     {"{dir}-{stem}", Item{Bucket: "media", Key: strings.Repeat("reels/", 100) + "clip.mov"}},
		"by a long one":     {strings.Repeat("x", maxFixed-nameHex-10) + "-{hash}-{key}", Item{Bucket: "media", Key: strings.Repeat("k", 99)}},
		"by one of columns": {"{column:title}", Item{Bucket: "media", Key: "k", Extra: []Field{{"title", "T"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := NewNamer(Batch{ID: "b", Settings: Settings{Name: c.template}})
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]uint64{}
			for _, v := range []uint64{0, 1, 2, 0x0123456789abcdef, 1<<64 - 1} {
				c.it.Version = v
				got := n.Name(&c.it)
				if n := utf8.RuneCountInString(got); n > maxName {
					t.Errorf("version %x: the name has %d characters", v, n)
				}
				if other, taken := seen[got]; taken {
					t.Errorf("the versions %x and %x have the name %s", v, other, got)
				}
				seen[got] = v
				if back := VersionIn(got); v != 0 && back != v {
					t.Errorf("version in %s: got %x, want %x", got, back, v)
				}
			}
		})
	}
	for _, none := range []string{"", "x", "0123456789abcdef", "-0123456789abcde", "x-0123456789abcdeg", "x_0123456789abcdef", "x-+123456789abcdef"} {
		if v := VersionIn(none); v != 0 {
			t.Errorf("version in %q: got %x, want none", none, v)
		}
	}
	// A rebuilt queue must find these jobs too.
	it := Item{Bucket: "media", Key: "reels/clip 1.mov", Version: 0xabc}
	if got, want := JobName("archive-2024", it), "clip_1.mov-eb580523fa55402a-0000000000000abc"; got != want {
		t.Errorf("the name changed: got %s, want %s", got, want)
	}
}

func TestBatchValidate(t *testing.T) {
	for id, ok := range map[string]bool{
		"a": true, "batch_2024_11_21": true, strings.Repeat("ü", 256): true, "": false, strings.Repeat("x", 257): false, "a\nb": false, "a\xffb": false,
	} {
		if err := (Batch{ID: id}).Validate(); (err == nil) != ok {
			t.Errorf("%q: got %v, want ok %v", id, err, ok)
		}
	}
}

func TestCountsBalance(t *testing.T) {
	var c Counts
	c.Items, c.Pending = 3, 3
	c.Move(Pending, Sending, 2)
	c.Move(Sending, Submitted, 1)
	if !c.Balanced() || c.Left() != 2 {
		t.Errorf("got %+v, want balanced with 2 left", c)
	}
	c.Move(Failed, Pending, 1)
	if c.Balanced() {
		t.Errorf("a negative count balances: %+v", c)
	}
}
