package plan

import (
	"fmt"
	"testing"

	"airlift/queue"
)

func TestTallyPrefixes(t *testing.T) {
	b := newTally()
	for i := range 60 {
		b.add("archive", fmt.Sprintf("y%d/m%d/clip.mov", i%6, i%12), &queue.Details{Size: 10})
	}
	b.add("archive", "top.mov", nil)
	top, other := b.topPrefixes()
	if len(top) != 13 || top[0] != (PrefixAmount{"s3://archive/y0/m0/", Amount{5, 5, 50}}) || other.Items != 0 {
		t.Errorf("two levels that fit: got %v and %v", top, other)
	}
	for i := range 30 {
		b.add("archive", fmt.Sprintf("y0/other%d/clip.mov", i), &queue.Details{Size: 10})
	}
	top, other = b.topPrefixes()
	if len(top) != 7 || top[0] != (PrefixAmount{"s3://archive/y0/", Amount{40, 40, 400}}) || other.Items != 0 {
		t.Errorf("one level: got %v and %v", top, other)
	}
	for i := range 30 {
		b.add("archive", fmt.Sprintf("z%d/clip.mov", i), &queue.Details{Size: 10})
	}
	if top, other = b.topPrefixes(); len(top) != mostPrefixes || other.Items != 17 {
		t.Errorf("many: got %d prefixes and %v, want %d and 17 others", len(top), other, mostPrefixes)
	}
}

// However many prefixes there are, the memory is bounded, the sum is right, and a large one is found.
func TestTallyOfManyPrefixes(t *testing.T) {
	b := newTally()
	const small, large = 5 * keptPrefixes, 7
	for i := range small {
		b.add("archive", fmt.Sprintf("%08x/clip.mov", uint32(i)*2654435761), &queue.Details{Size: 1})
		if i%1000 == 0 {
			for range large {
				b.add("archive", "large/x.mov", &queue.Details{Size: 1})
			}
		}
	}
	for _, p := range b.prefixes {
		if len(p.counts) > 2*keptPrefixes {
			t.Errorf("%d prefixes are counted at a time", len(p.counts))
		}
	}
	top, other := b.topPrefixes()
	sum := other.Items
	for _, p := range top {
		sum += p.Items
	}
	if sum != b.all.Items || top[0].Prefix != "s3://archive/large/" || top[0].Items != (small/1000+1)*large {
		t.Errorf("sum %d of %d, and the largest is %v", sum, b.all.Items, top[0])
	}
}

func TestTallySizes(t *testing.T) {
	b := newTally()
	for _, size := range []int64{0, 1, 1<<20 - 1, 1 << 20, 10<<30 - 1, 10 << 30, 1 << 50, queue.UnknownSize} {
		b.add("b", "k", &queue.Details{Size: size})
	}
	want := []struct{ from, to, items int64 }{{0, 1, 1}, {1, 1 << 20, 2}, {1 << 20, 10 << 20, 1}, {1 << 30, 10 << 30, 1}, {10 << 30, -1, 2}, {-1, -1, 1}}
	bound := func(n *int64) int64 {
		if n == nil {
			return -1
		}
		return *n
	}
	got := b.bySize()
	if len(got) != len(want) || b.all.Items != 8 || b.all.Sized != 7 {
		t.Fatalf("%d classes, %+v in all; want %d, 8 of them 7 sized", len(got), b.all, len(want))
	}
	for i, s := range got {
		if w := want[i]; bound(s.From) != w.from || bound(s.To) != w.to || s.Items != w.items {
			t.Errorf("got %d items from %d to %d, want %v", s.Items, bound(s.From), bound(s.To), w)
		}
	}
}
