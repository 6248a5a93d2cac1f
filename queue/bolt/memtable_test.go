package bolt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"airlift/queue"
)

// TestKilledWhileReading copies the file while the index of what was added is in memory alone, as a kill leaves it: the
// next process knows every object all the same.
func TestKilledWhileReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	db := mustOpen(t, path)
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	var rows []queue.Item
	add := func(n int) {
		for i := range n {
			rows = append(rows, archiveRow(len(rows)), archiveRow(len(rows)+1-i%2)) // some come twice
			rows[len(rows)-1].Content = queue.Content(i%3 + 1)
		}
		_, err := db.Add(t.Context(), "b", queue.Chunk{Items: rows[len(rows)-2*n:], Changed: true})
		must(t, err)
	}
	must(t, db.BeginReading(t.Context(), "b", false))
	add(1500)
	must(t, db.EndReading(t.Context(), "b", true)) // in a run
	must(t, db.BeginReading(t.Context(), "b", false))
	add(700)
	add(1)
	b, err := db.Batch(t.Context(), "b")
	must(t, err)
	data, err := os.ReadFile(path)
	must(t, err)

	for name, use := range map[string]func(t *testing.T, db *DB){
		"found": func(t *testing.T, db *DB) {
			for _, it := range rows {
				if _, found, err := db.Find(t.Context(), "b", queue.Object{Bucket: it.Bucket, Key: it.Key}); err != nil || !found {
					t.Fatalf("%s: got %t, %v, want it found", it.Key, found, err)
				}
			}
		},
		"added again": func(t *testing.T, db *DB) {
			added, err := db.Add(t.Context(), "b", queue.Chunk{Items: rows})
			must(t, err)
			if added.Added != 0 {
				t.Errorf("got %+v, want none added", added)
			}
		},
		"resumed": func(t *testing.T, db *DB) {
			must(t, db.BeginReading(t.Context(), "b", true))
			added, err := db.Add(t.Context(), "b", queue.Chunk{Items: append(slices.Clone(rows), queue.Item{Bucket: "new", Key: "new"})})
			must(t, err)
			if added.Added != 1 {
				t.Errorf("got %+v, want one added", added)
			}
		},
		"ended": func(t *testing.T, db *DB) { must(t, db.EndReading(t.Context(), "b", false)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, data)
			for range 2 {
				db := mustOpen(t, path)
				if got, err := db.Batch(t.Context(), "b"); err != nil || got.Counts.Items < b.Counts.Items || got.Counts.Items > b.Counts.Items+1 {
					t.Errorf("items: got %d, %v, want %d", got.Counts.Items, err, b.Counts.Items)
				}
				use(t, db)
				if report, err := db.Check(t.Context(), nil); err != nil || !report.OK() {
					t.Errorf("check: got %q, %v, want nothing", report.Problems, err)
				}
				must(t, db.Close())
				if name == "resumed" {
					break
				}
			}
		})
	}
}

// TestMemtableIsFlushed adds in small chunks, and more than a run's worth in all: it is stored in runs of that size.
func TestMemtableIsFlushed(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "q.db"))
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	b, err := db.lookup("b")
	must(t, err)
	n := 0
	add := func(rows int) {
		items := make([]queue.Item, rows)
		for i := range items {
			items[i] = queue.Item{Bucket: "b", Key: fmt.Sprint(n + i)}
		}
		n += rows
		added, err := db.Add(t.Context(), "b", queue.Chunk{Items: items})
		must(t, err)
		if added.Added != rows {
			t.Fatalf("got %+v, want %d added", added, rows)
		}
	}
	for range 400 {
		add(3)
	}
	for n < 2<<19 {
		add(1 << 17)
	}
	for seq := range uint64(n) {
		if seq%99_991 != 0 && seq > 20 {
			continue
		}
		e, found, err := db.Find(t.Context(), "b", queue.Object{Bucket: "b", Key: fmt.Sprint(seq)})
		if err != nil || !found || e.Seq != seq {
			t.Errorf("object %d: got item %d, %t, %v", seq, e.Seq, found, err)
		}
	}
	must(t, db.EndReading(t.Context(), "b", true))
	runs := runsOf(t, db, b)
	want := []int64{1200 + 4<<17, 4 << 17}
	want[1] = int64(n) - want[0]
	if diff := cmp.Diff(want, runs); diff != "" {
		t.Errorf("entries of the runs (-want +got):\n%s", diff)
	}
}

// TestIndexBeyondItems: books that claim more for the index than there is would hide objects from it.
func TestIndexBeyondItems(t *testing.T) {
	path := writeFile(t, someQueue(t))
	db := mustOpen(t, path)
	b, err := db.lookup("b")
	must(t, err)
	must(t, db.submit(t.Context(), false, func(x *txn) error { x.touch(b).Indexed++; return nil }))
	must(t, db.Close())
	_, err = Open(path, Options{})
	wantErr(t, err, queue.ErrCorrupt, "index goes beyond its items")
}
