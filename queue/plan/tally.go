package plan

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"airlift/manifest/entry"
	"airlift/queue"
)

const (
	// mostPrefixes is how many prefixes a plan lists.
	mostPrefixes = 20
	// keptPrefixes bounds the memory: when twice as many are counted, only the largest keptPrefixes are kept.
	keptPrefixes = 4096
)

// tally counts items by media type, size and prefix, in bounded memory.
type tally struct {
	all      Amount
	types    map[string]*Amount
	sizes    [len(sizeClasses) + 1]Amount // the last: not known
	prefixes [2]prefixTally               // by one and by two levels of the key
	seconds  float64                      // total playing time of the timed items
	timed    int64
	channels map[int]int64 // items by audio channels, as far as known
}

// sizeClasses are the upper bounds in bytes, not included, of the classes of sizes.
var sizeClasses = [...]int64{1, 1 << 20, 10 << 20, 100 << 20, 1 << 30, 10 << 30, math.MaxInt64}

// newTally returns an empty tally.
func newTally() *tally {
	t := &tally{types: map[string]*Amount{}, channels: map[int]int64{}}
	for i := range t.prefixes {
		t.prefixes[i].counts = map[string]*Amount{}
	}
	return t
}

// add counts an item. details is nil if nothing is known of the object.
func (t *tally) add(bucket, key string, details *queue.Details) {
	o := queue.Details{Size: queue.UnknownSize}
	if details != nil {
		o = *details
	}
	t.all.add(o.Size)
	if o.Duration > 0 {
		t.seconds += o.Duration.Seconds()
		t.timed++
	}
	if o.Channels > 0 {
		t.channels[o.Channels]++
	}
	class := cmp.Or(entry.ClassOf(key), "other")
	if t.types[class] == nil {
		t.types[class] = &Amount{}
	}
	t.types[class].add(o.Size)
	at := len(sizeClasses)
	if o.Size >= 0 {
		at, _ = slices.BinarySearch(sizeClasses[:], o.Size+1)
	}
	t.sizes[at].add(o.Size)
	one := strings.IndexByte(key, '/') + 1
	two := one + strings.IndexByte(key[one:], '/') + 1
	t.prefixes[0].add(bucket, key[:one], o.Size)
	t.prefixes[1].add(bucket, key[:two], o.Size)
}

// fill writes the tally into a plan.
func (t *tally) fill(p *Plan) {
	p.ToSend, p.Types, p.Sizes = t.all, t.byType(), t.bySize()
	p.Prefixes, p.OtherPrefixes = t.topPrefixes()
	p.Minutes, p.Timed, p.AudioChannels = t.seconds/60, t.timed, []ChannelsAmount{}
	for _, c := range slices.Sorted(maps.Keys(t.channels)) {
		p.AudioChannels = append(p.AudioChannels, ChannelsAmount{c, t.channels[c]})
	}
}

// byType returns the types in the order of AiR's list, and "other" last.
func (t *tally) byType() []TypeAmount {
	all := []TypeAmount{}
	for _, class := range append(entry.Classes(), "other") {
		if a := t.types[class]; a != nil {
			all = append(all, TypeAmount{class, *a})
		}
	}
	return all
}

// bySize returns the classes that are not empty, the smallest first.
func (t *tally) bySize() []SizeAmount {
	all := []SizeAmount{}
	from := int64(0)
	for i, a := range t.sizes {
		s := SizeAmount{Amount: a}
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

// topPrefixes returns the prefixes with the most items, at most mostPrefixes, and the rest together. They have two levels
// if these can all be listed, or if there is only one first level.
func (t *tally) topPrefixes() (top []PrefixAmount, other Amount) {
	by := &t.prefixes[0]
	if two := &t.prefixes[1]; two.other.Items == 0 && len(two.counts) <= mostPrefixes || len(by.counts) == 1 {
		by = two
	}
	top, other = by.sorted(), by.other
	if len(top) > mostPrefixes {
		for _, p := range top[mostPrefixes:] {
			other.plus(p.Amount)
		}
		top = top[:mostPrefixes]
	}
	return top, other
}

// prefixTally counts by prefix. Beyond its bound the small prefixes are counted together. If one of these occurs again, it starts
// at zero: its count is then a lower bound, but the sum stays exact.
type prefixTally struct {
	counts map[string]*Amount
	other  Amount
	// The last prefix, as most rows come sorted.
	bucket, prefix string
	last           *Amount
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
			a = &Amount{}
			t.counts[string(t.name)] = a
		}
		t.bucket, t.prefix, t.last = strings.Clone(bucket), strings.Clone(prefix), a
	}
	t.last.add(size)
}

// shrink keeps the larger half.
func (t *prefixTally) shrink() {
	for _, p := range t.sorted()[keptPrefixes:] {
		t.other.plus(p.Amount)
		delete(t.counts, p.Prefix)
	}
	t.last = nil
}

// sorted returns the prefixes with the most items first.
func (t *prefixTally) sorted() []PrefixAmount {
	all := make([]PrefixAmount, 0, len(t.counts))
	for p, a := range t.counts {
		all = append(all, PrefixAmount{p, *a})
	}
	slices.SortFunc(all, func(a, b PrefixAmount) int {
		return cmp.Or(cmp.Compare(b.Items, a.Items), cmp.Compare(a.Prefix, b.Prefix))
	})
	return all
}
