package index

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestGroup packs sets of entries, near and far, and finds each again and no other.
func TestGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		close := rapid.IntRange(0, 15).Draw(t, "shared bytes")
		span := rapid.Uint64Range(0, MaxSeq).Draw(t, "span")
		base := rapid.Uint64Range(0, MaxSeq-span).Draw(t, "base")
		prints := rapid.Bool().Draw(t, "prints")
		n := rapid.IntRange(1, 70).Draw(t, "n")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		near := hash{r.Uint64(), r.Uint64()}
		random := func() hash {
			b := near.append(nil)
			for i := close; i < len(b); i++ {
				b[i] = byte(r.Uint32())
			}
			return hashAt(b)
		}
		entries := make([]entry, n)
		for i := range entries {
			entries[i] = entry{hash: random(), seq: base + r.Uint64N(span+1)}
			if prints && i%3 == 0 {
				entries[i].fp = r.Uint32()
			}
		}
		slices.SortFunc(entries, func(a, b entry) int { return a.compare(b.hash) })
		entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.hash == b.hash })
		var w runWriter
		for _, e := range entries {
			w.add(e)
		}
		w.flush()
		var got []entry
		for i, k := range w.keys {
			if len(w.values[i]) > groupMax {
				t.Fatalf("a value of %d bytes, at most %d fit", len(w.values[i]), groupMax)
			}
			g, err := groupOf(k, w.values[i])
			if err != nil {
				t.Fatal(err)
			}
			for j := range g.len() {
				e := g.at(j)
				got = append(got, e)
				if f, ok := g.find(e.hash); !ok || f != e {
					t.Fatalf("find: got %+v, %t, want %+v", f, ok, e)
				}
			}
			for range 20 {
				h := random()
				is := slices.ContainsFunc(got, func(e entry) bool { return e.hash == h })
				if _, ok := g.find(h); ok && !is {
					t.Fatalf("%x was found and is not there", h)
				}
			}
		}
		if !slices.Equal(got, entries) {
			t.Fatalf("got %d entries, want %d, the same", len(got), len(entries))
		}
	})
}
