package index

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"airlift/queue"
)

// TestIndex adds items to an index and to a map, flushes, merges and opens it again at any time: both have the same.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		s := newMemoryStore()
		x := s.open()
		seqs, prints := map[string]uint64{}, map[string]uint32{}
		ok := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		draw := func() []queue.Item {
			items := make([]queue.Item, rapid.IntRange(1, 60).Draw(t, "n"))
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
			for i := range items {
				items[i] = queue.Item{Bucket: "b", Key: fmt.Sprint(r.IntN(600))}
				if r.IntN(4) == 0 {
					items[i].Name = "n"
				}
			}
			return items
		}
		check := func(items []queue.Item, rows []Row, found []Match) {
			for same, match := range Objects(rows, found) {
				key := items[same[0].N].Key
				seq, have := seqs[key]
				if (match != nil) != have || have && (match.Seq != seq || match.Print != prints[key]) {
					t.Fatalf("object %s: got %+v, want item %d, %t", key, match, seq, have)
				}
				for _, r := range same {
					if items[r.N].Key != key {
						t.Fatalf("row %s is among those of %s", items[r.N].Key, key)
					}
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(*rapid.T) {
				items := draw()
				rows := x.Rows(items)
				found, err := x.LookupNew(ctx, rows)
				ok(err)
				check(items, rows, found)
				base := uint64(len(s.items))
				var fresh []Row
				for same, match := range Objects(rows, found) {
					if match == nil {
						r := same[0]
						it := items[r.N]
						it.Seq = uint64(len(s.items))
						r.N = int32(it.Seq - base)
						s.items, fresh = append(s.items, it), append(fresh, r)
						seqs[it.Key], prints[it.Key] = it.Seq, r.Print
					}
				}
				s.items = append(s.items, queue.Item{Seq: uint64(len(s.items)), Version: 7, Key: items[0].Key, Bucket: "b"})
				x.Insert(base, fresh)
			},
			"look up": func(*rapid.T) {
				items := draw()
				rows := x.Rows(items)
				found, err := x.Lookup(ctx, rows)
				ok(err)
				check(items, rows, found)
			},
			"flush": func(*rapid.T) { ok(s.store(x.Flush())) },
			"merge": func(*rapid.T) {
				c, err := x.Merge(ctx)
				ok(err)
				ok(s.store(c))
			},
			"open again": func(*rapid.T) { x = s.open() },
			"forget":     func(*rapid.T) { x.Forget() },
			"": func(t *rapid.T) {
				objects := x.Check(ctx, func(format string, args ...any) { t.Fatalf("check: "+format, args...) })
				if objects != int64(len(seqs)) {
					t.Fatalf("got %d objects, want %d", objects, len(seqs))
				}
			},
		})
	})
}

// fill makes an index of many runs.
func fill(t *testing.T, runs, each int) *memoryStore {
	t.Helper()
	s := newMemoryStore()
	x := s.open()
	for range runs {
		base := len(s.items)
		for i := range each {
			s.items = append(s.items, queue.Item{Seq: uint64(base + i), Bucket: "b", Key: fmt.Sprint(base + i)})
		}
		if _, err := x.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if base > 0 {
			x.Insert(uint64(base), x.Rows(s.items[base:]))
		}
		if err := s.store(x.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestFlippedBit: an object must not be taken for a new one because a bit of the index flipped.
func TestFlippedBit(t *testing.T) {
	s := fill(t, 2, 40)
	lookUp := func() error {
		x := s.open()
		rows := x.Rows(s.items)
		found, err := x.Lookup(t.Context(), rows)
		if err == nil && len(found) != len(s.items) {
			err = fmt.Errorf("%d of %d objects are found", len(found), len(s.items))
		}
		return err
	}
	if err := lookUp(); err != nil {
		t.Fatal(err)
	}
	buckets := []memoryBucket{s.runs}
	for _, b := range s.byNum {
		buckets = append(buckets, b)
	}
	for _, b := range buckets {
		for key, value := range b {
			for i := range value {
				value[i] ^= 1 << (i % 8)
				if err := lookUp(); !errors.Is(err, queue.ErrCorrupt) {
					t.Fatalf("byte %d of %x: got %v, want ErrCorrupt", i, key, err)
				}
				value[i] ^= 1 << (i % 8)
			}
		}
	}
	for number := range s.byNum {
		delete(s.byNum, number)
		if err := lookUp(); !errors.Is(err, queue.ErrCorrupt) {
			t.Errorf("a lost run: got %v, want ErrCorrupt", err)
		}
		delete(s.runs, number)
		x := s.open()
		if _, err := x.LookupNew(t.Context(), x.Rows(s.items)); !errors.Is(err, queue.ErrCorrupt) || !strings.Contains(err.Error(), "the index has 40 of 80 objects") {
			t.Errorf("a lost and forgotten run: got %v, want ErrCorrupt", err)
		}
		break
	}
}

// TestMemtableIsBounded inserts in small steps for long: segments stay few.
func TestMemtableIsBounded(t *testing.T) {
	s := newMemoryStore()
	x := s.open()
	if _, err := x.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range 2000 {
		s.items = append(s.items, queue.Item{Seq: uint64(n), Bucket: "b", Key: fmt.Sprint(n)})
		x.Insert(uint64(n), x.Rows(s.items[n:]))
		if some := len(x.memtable.Load().segments); some > 2*maxSegments {
			t.Fatalf("after %d items: %d segments", n, some)
		}
	}
	found, err := x.Lookup(t.Context(), x.Rows(s.items))
	if err != nil || len(found) != len(s.items) || s.reads > 0 {
		t.Errorf("got %d objects, %v, want %d and no read of items", len(found), err, len(s.items))
	}
}

func TestMergeable(t *testing.T) {
	runs := func(n int, entries int64) (list []run) {
		for range n {
			list = append(list, run{entries: entries})
		}
		return list
	}
	for _, c := range []struct {
		name string
		runs []run
		want int
	}{
		{"too few", runs(7, 50_000), 0},
		{"eight alike", runs(8, 50_000), 8},
		{"of other sizes", append(runs(7, 50_000), runs(7, 100)...), 0},
		{"as many as fit", runs(8, 100_000), 5},
		{"none fit together", runs(20, 400_000), 0},
	} {
		if got := mergeable(c.runs); len(got) != c.want {
			t.Errorf("%s: got %d runs to merge, want %d", c.name, len(got), c.want)
		}
	}
}

func TestFilter(t *testing.T) {
	f := newFilter(400_000, filterEach)
	r := rand.New(rand.NewPCG(1, 2))
	var in []hash
	for f.room > 0 {
		h := hash{r.Uint64(), r.Uint64()}
		f.add(h.hi, h.lo)
		in = append(in, h)
	}
	for _, h := range in {
		if !f.has(h.hi, h.lo) {
			t.Fatal("a hash that was added is denied")
		}
	}
	wrong := 0
	for range 100_000 {
		if f.has(r.Uint64(), r.Uint64()) {
			wrong++
		}
	}
	if wrong > 1000 {
		t.Errorf("%d of 100,000 others are taken for known by a full filter, want at most 1 %%", wrong)
	}
	if perItem := float64(len(f.lines)*64) / float64(len(in)); perItem > 1.6 {
		t.Errorf("a full filter takes %.1f bytes an item, want at most 1.6", perItem)
	}
}

func TestSortRows(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 8, 100, 5000} {
		rows := make([]Row, n)
		for i := range rows {
			rows[i] = Row{hash: hash{rand.Uint64N(uint64(n)) << 50, rand.Uint64N(2)}, N: int32(i)}
		}
		for _, common := range []int{0, 8} {
			for i := range rows {
				rows[i].hash.hi |= ^(^uint64(0) >> common)
			}
			want := slices.Clone(rows)
			slices.SortStableFunc(want, func(a, b Row) int { return a.compare(b.hash) })
			if got := sortRows(rows, common); !slices.Equal(got, want) {
				t.Errorf("%d rows with %d bits in common are not sorted", n, common)
			}
		}
	}
}

// TestHashIsKeyed: nobody can prepare two objects with one hash, because each queue hashes with a key of its own.
func TestHashIsKeyed(t *testing.T) {
	a, b := hasher{key: [16]byte{1}}, hasher{key: [16]byte{2}}
	if a.object("b", "k") == b.object("b", "k") {
		t.Error("two queues hash one object alike")
	}
}
