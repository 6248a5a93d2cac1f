package sample_test

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"airlift/queue"
	"airlift/queue/sample"
)

// choose returns the keys that are chosen of an archive, whose items are seen in a random order.
func choose(batch string, n int, keys []string) (chosen []string) {
	s := sample.New(batch)
	for _, i := range rand.Perm(len(keys)) {
		s.Add(&queue.Item{Seq: uint64(i), Bucket: "in", Key: keys[i]})
	}
	for _, seq := range s.Choose(n) {
		chosen = append(chosen, keys[seq])
	}
	return chosen
}

// archive has a hundred thousand films of three years in one folder each, a few sounds, and one picture.
func archive() (keys []string) {
	for i := range 30_000 {
		keys = append(keys, fmt.Sprintf("library/film/%d/clip-%05d.MOV", 2019+min(i/14_000, 2), i))
	}
	for i := range 20 {
		keys = append(keys, fmt.Sprintf("library/sound/%d.wav", i))
	}
	return append(keys, "library/cover.png")
}

func TestSpread(t *testing.T) {
	keys := archive()
	got := choose("b", 50, keys)
	types, years := map[string]int{}, map[string]int{}
	for _, key := range got {
		types[path.Ext(key)]++
		if rest, is := strings.CutPrefix(key, "library/film/"); is {
			years[rest[:4]]++
		}
	}
	if len(got) != 50 || types[".png"] != 1 || types[".wav"] != 20 || types[".MOV"] != 29 {
		t.Errorf("got %d items of types %v", len(got), types)
	}
	if distinct := slices.Compact(slices.Clone(got)); len(distinct) != len(got) {
		t.Error("an item is chosen twice")
	}
	if len(years) != 3 || years["2019"] < 9 || years["2020"] < 9 || years["2021"] < 9 {
		t.Errorf("films of the years: got %v, want about as many of each", years)
	}
	if again := choose("b", 50, keys); !slices.Equal(got, again) {
		t.Error("seen in another order, others are chosen")
	}
	if other := choose("c", 50, keys); slices.Equal(got, other) {
		t.Error("another batch has the same sample")
	}
}

func TestFew(t *testing.T) {
	for _, c := range []struct {
		keys []string
		n    int
		want int
	}{{nil, 5, 0}, {[]string{"a"}, 5, 1}, {[]string{"a.mov", "b", "/c.mov", "x/y/", "ü.MOV"}, 3, 3}, {[]string{"a.mov", "b", "/c.mov", "x/y/", "ü.MOV"}, 9, 5}} {
		if got := choose("b", c.n, c.keys); len(got) != c.want {
			t.Errorf("%d of %q: got %q", c.n, c.keys, got)
		}
	}
	var many []string
	for i := range 500 { // types
		many = append(many, fmt.Sprintf("x.%d", i))
	}
	if got := choose("b", 100, many); len(got) != 100 {
		t.Errorf("got %d of many types, want 100", len(got))
	}
}
