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
		if !lawful.MatchString(name) || utf8.RuneCountInString(name) > MaxName {
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
