package bolt

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"airlift/queue"
)

var listingItems = flag.Int("listingitems", 40_000, "how many items TestListings puts into a queue")

// settle claims all items, and refuses every so manieth.
func settle(t *testing.T, db *DB, refused, keep int) {
	t.Helper()
	var results []queue.Result
	for {
		claimed, _, err := db.Exchange(t.Context(), results, queue.ClaimRequest{Batches: []string{"b"}, Max: 16384, Day: 1})
		if err != nil {
			t.Fatal(err)
		}
		if results = results[:0]; len(claimed) == 0 {
			return
		}
		for i := range claimed {
			r := queue.Result{Batch: "b", Seq: claimed[i].Seq, To: queue.Submitted, Attempted: true, HTTPStatus: 200, JobID: fmt.Sprintf("%032x", claimed[i].Seq), At: time.Now()}
			if claimed[i].Seq%uint64(refused) == 7 {
				r.To, r.JobID, r.HTTPStatus, r.Code, r.Message = queue.Failed, "", 400, "BAD_REQUEST", "source object not found"
			}
			if claimed[i].Seq%uint64(keep) != 11 {
				results = append(results, r)
			}
		}
	}
}

// Listings by state and from an item on give what a look at every item gives, and a part of a large queue takes no longer
// than one of a small queue.
func TestListings(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "q.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n := *listingItems
	if err := db.CreateBatch(t.Context(), queue.Batch{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	add := func(from, to int) {
		for seq := from; seq < to; {
			var c queue.Chunk
			for ; seq < to && len(c.Items) < 16384; seq++ {
				c.Items = append(c.Items, queue.Item{Line: int64(seq + 1), Bucket: "b", Key: fmt.Sprintf("reel/%09d.mov", seq)})
			}
			if _, err := db.Add(t.Context(), "b", c); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(0, n/2)
	settle(t, db, 100, n/4)
	add(n/2, n)
	if _, err := db.Change(t.Context(), "b", queue.Change{Do: queue.DoRetry, Filter: queue.Filter{State: queue.Failed, Span: &queue.Span{From: 0, To: uint64(n / 10)}}}); err != nil {
		t.Fatal(err)
	}
	var all []queue.Entry
	list := func(f queue.Filter, limit int) (seqs []uint64) {
		err := queue.Entries(t.Context(), db, "b", f, func(e *queue.Entry) error {
			if len(seqs) == limit {
				return queue.ErrEnough
			}
			if f.Span == nil {
				all = append(all, queue.Entry{Item: queue.Item{Seq: e.Seq}, Record: e.Record})
			}
			seqs = append(seqs, e.Seq)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return seqs
	}
	list(queue.Filter{}, n+1)
	if len(all) != n {
		t.Fatalf("%d items, want %d", len(all), n)
	}
	for _, state := range append(queue.States[:], "") {
		for _, span := range []queue.Span{{From: 0, To: 1 << 62}, {From: uint64(n/2 - 3), To: 1 << 62}, {From: 1234, To: 2345}, {From: uint64(n - 1), To: uint64(n)}, {From: uint64(n + 5), To: 1 << 62}} {
			f := queue.Filter{State: state, Span: &span}
			var want []uint64
			for i := range all {
				if len(want) < 100 && f.Match(&all[i]) {
					want = append(want, all[i].Seq)
				}
			}
			began := time.Now()
			got := list(f, 100)
			took := time.Since(began)
			if !slices.Equal(got, want) {
				t.Errorf("%q in %v: got %v, want %v", state, span, got, want)
			}
			if testing.Verbose() {
				t.Logf("%-10s in %v: %d items in %v", state, span, len(got), took)
			}
		}
	}
}
