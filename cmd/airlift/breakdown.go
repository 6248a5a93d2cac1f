package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"airlift/manifest/entry"
)

const (
	// mostPrefixes is how many prefixes a plan lists.
	mostPrefixes = 20
	// keptPrefixes bounds the memory: twice as many are counted at a time, and then only the largest of them go on.
	keptPrefixes = 4096
)

// amount is how many items there are of a kind, and how many bytes those of them have whose size is known.
type amount struct {
	Items int64 `json:"items"`
	Sized int64 `json:"sized"`
	Bytes int64 `json:"bytes"`
}

func (a *amount) add(size int64) {
	a.Items++
	if size >= 0 {
		a.Sized++
		a.Bytes += size
	}
}

func (a *amount) plus(b amount) {
	a.Items += b.Items
	a.Sized += b.Sized
	a.Bytes += b.Bytes
}

// unsized stands for a size that no source told.
const unsized = -1

// breakdown counts items by media type, size and prefix, in bounded memory.
type breakdown struct {
	all      amount
	types    map[string]*amount
	sizes    [len(sizeClasses) + 1]amount // the last: not known
	prefixes [2]prefixTally               // by one and by two levels of the key
	seconds  float64                      // that the timed ones play
	timed    int64
	channels map[int]int64 // items by audio channels, as far as known
}

// sizeClasses are the upper bounds in bytes, not included, of the classes of sizes.
var sizeClasses = [...]int64{1, 1 << 20, 10 << 20, 100 << 20, 1 << 30, 10 << 30, math.MaxInt64}

func newBreakdown() *breakdown {
	b := &breakdown{types: map[string]*amount{}, channels: map[int]int64{}}
	for i := range b.prefixes {
		b.prefixes[i].counts = map[string]*amount{}
	}
	return b
}

// add counts an object.
func (b *breakdown) add(bucket, key string, is object) {
	size := is.size
	b.all.add(size)
	if is.seconds > 0 {
		b.seconds += is.seconds
		b.timed++
	}
	if is.channels > 0 {
		b.channels[is.channels]++
	}
	class := entry.ClassOf(key)
	if class == "" {
		class = "other"
	}
	if b.types[class] == nil {
		b.types[class] = &amount{}
	}
	b.types[class].add(size)
	at := len(sizeClasses)
	if size >= 0 {
		at, _ = slices.BinarySearch(sizeClasses[:], size+1)
	}
	b.sizes[at].add(size)
	one := levels(key, 1)
	b.prefixes[0].add(bucket, key[:one], size)
	b.prefixes[1].add(bucket, key[:one+levels(key[one:], 1)], size)
}

// levels returns how long the first n levels of a key are, the last slash included.
func levels(key string, n int) int {
	end := 0
	for range n {
		i := strings.IndexByte(key[end:], '/')
		if i < 0 {
			break
		}
		end += i + 1
	}
	return end
}

// prefixTally counts by prefix. Beyond its bound the small ones are counted together, and what comes of them later is
// begun anew: their numbers are lower bounds then, and the sum stays right.
type prefixTally struct {
	counts map[string]*amount
	other  amount
	// The last one, for rows come sorted.
	bucket, prefix string
	last           *amount
	name           []byte
}

func (t *prefixTally) add(bucket, prefix string, size int64) {
	if t.last == nil || t.prefix != prefix || t.bucket != bucket {
		t.name = append(append(append(append(t.name[:0], "s3://"...), bucket...), '/'), prefix...)
		a := t.counts[string(t.name)]
		if a == nil {
			if len(t.counts) >= 2*keptPrefixes {
				t.shrink()
			}
			a = &amount{}
			t.counts[string(t.name)] = a
		}
		t.bucket, t.prefix, t.last = strings.Clone(bucket), strings.Clone(prefix), a
	}
	t.last.add(size)
}

// shrink keeps the larger half.
func (t *prefixTally) shrink() {
	for _, p := range t.sorted()[keptPrefixes:] {
		t.other.plus(p.amount)
		delete(t.counts, p.Prefix)
	}
	t.last = nil
}

// prefixAmount is what lies under a prefix.
type prefixAmount struct {
	Prefix string `json:"prefix"`
	amount
}

// sorted returns the prefixes with the most items first.
func (t *prefixTally) sorted() []prefixAmount {
	all := make([]prefixAmount, 0, len(t.counts))
	for p, a := range t.counts {
		all = append(all, prefixAmount{p, *a})
	}
	slices.SortFunc(all, func(a, b prefixAmount) int {
		return cmp.Or(cmp.Compare(b.Items, a.Items), cmp.Compare(a.Prefix, b.Prefix))
	})
	return all
}

// topPrefixes returns the prefixes with the most items, at most mostPrefixes, and the rest together. They are of two
// levels if these can all be listed, or if the first level tells nothing.
func (b *breakdown) topPrefixes() (top []prefixAmount, other amount) {
	t := &b.prefixes[0]
	if two := &b.prefixes[1]; two.other.Items == 0 && len(two.counts) <= mostPrefixes || len(t.counts) == 1 {
		t = two
	}
	top, other = t.sorted(), t.other
	if len(top) > mostPrefixes {
		for _, p := range top[mostPrefixes:] {
			other.plus(p.amount)
		}
		top = top[:mostPrefixes]
	}
	return top, other
}

// typeAmount is what there is of a media type.
type typeAmount struct {
	Type string `json:"type"`
	amount
}

// byType returns the types in the order of AiR's list, and "other" last.
func (b *breakdown) byType() []typeAmount {
	all := []typeAmount{}
	for _, class := range append(entry.Classes(), "other") {
		if a := b.types[class]; a != nil {
			all = append(all, typeAmount{class, *a})
		}
	}
	return all
}

// sizeAmount is what there is of a class of sizes: from (included) to (not included) so many bytes; the open end, and the
// bounds of sizes that are not known, are null.
type sizeAmount struct {
	From *int64 `json:"from"`
	To   *int64 `json:"to"`
	amount
}

// bySize returns the classes that are not empty, the smallest first.
func (b *breakdown) bySize() []sizeAmount {
	all := []sizeAmount{}
	from := int64(0)
	for i, a := range b.sizes {
		s := sizeAmount{amount: a}
		if i < len(sizeClasses) {
			lower, upper := from, sizeClasses[i]
			if s.From = &lower; upper != math.MaxInt64 {
				s.To = &upper
			}
			from = upper
		}
		if a.Items > 0 {
			all = append(all, s)
		}
	}
	return all
}

// skippedAmount is how many rows were left out for a reason.
type skippedAmount struct {
	Reason string `json:"reason"`
	Rows   int64  `json:"rows"`
}

func bySkip(m map[string]int64) []skippedAmount {
	all := []skippedAmount{}
	for _, why := range slices.Sorted(maps.Keys(m)) {
		all = append(all, skippedAmount{why, m[why]})
	}
	return all
}

// channelsAmount is how many items have so many audio channels.
type channelsAmount struct {
	Channels int   `json:"channels"`
	Items    int64 `json:"items"`
}

// byChannels returns the counts with the fewest channels first.
func (b *breakdown) byChannels() []channelsAmount {
	all := []channelsAmount{}
	for _, c := range slices.Sorted(maps.Keys(b.channels)) {
		all = append(all, channelsAmount{c, b.channels[c]})
	}
	return all
}
