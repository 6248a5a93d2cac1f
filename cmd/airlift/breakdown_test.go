package main

import (
	"fmt"
	"testing"
)

func TestBreakdownPrefixes(t *testing.T) {
	b := newBreakdown()
	for i := range 60 {
		b.add("archive", fmt.Sprintf("y%d/m%d/clip.mov", i%6, i%12), object{size: 10})
	}
	b.add("archive", "top.mov", object{size: unsized})
	top, other := b.topPrefixes()
	if len(top) != 13 || top[0] != (prefixAmount{"s3://archive/y0/m0/", amount{5, 5, 50}}) || other.Items != 0 {
		t.Errorf("two levels that fit: got %v and %v", top, other)
	}
	for i := range 30 {
		b.add("archive", fmt.Sprintf("y0/other%d/clip.mov", i), object{size: 10})
	}
	top, other = b.topPrefixes()
	if len(top) != 7 || top[0] != (prefixAmount{"s3://archive/y0/", amount{40, 40, 400}}) || other.Items != 0 {
		t.Errorf("one level: got %v and %v", top, other)
	}
	for i := range 30 {
		b.add("archive", fmt.Sprintf("z%d/clip.mov", i), object{size: 10})
	}
	if top, other = b.topPrefixes(); len(top) != mostPrefixes || other.Items != 17 {
		t.Errorf("many: got %d prefixes and %v, want %d and 17 others", len(top), other, mostPrefixes)
	}
}

// However many prefixes there are, the memory is bounded, the sum is right, and a large one is found.
func TestBreakdownOfManyPrefixes(t *testing.T) {
	b := newBreakdown()
	const small, large = 5 * keptPrefixes, 7
	for i := range small {
		b.add("archive", fmt.Sprintf("%08x/clip.mov", uint32(i)*2654435761), object{size: 1})
		if i%1000 == 0 {
			for range large {
				b.add("archive", "large/x.mov", object{size: 1})
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

func TestBreakdownSizes(t *testing.T) {
	b := newBreakdown()
	for _, size := range []int64{0, 1, 1<<20 - 1, 1 << 20, 10<<30 - 1, 10 << 30, 1 << 50, unsized} {
		b.add("b", "k", object{size: size})
	}
	want := map[string]int64{"empty": 1, "under 1.0 MiB": 2, "under 10 MiB": 1, "under 10 GiB": 1, "10 GiB and more": 2, "not known": 1}
	got := b.bySize()
	for _, s := range got {
		if want[s.name()] != s.Items {
			t.Errorf("%s: got %d, want %d", s.name(), s.Items, want[s.name()])
		}
	}
	if len(got) != len(want) || b.all.Items != 8 || b.all.Sized != 7 {
		t.Errorf("%d classes, %+v in all; want %d, 8 of them 7 sized", len(got), b.all, len(want))
	}
}
