package bolt

import (
	"context"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"airlift/queue"
)

// A mark says what need not be read again: a flipped bit there must not pass, and a compact must not lose it.
func TestMarksAreCheckedAndCompacted(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "queue.db")
	reopen := func() *DB {
		t.Helper()
		db, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	db := reopen()
	if err := db.CreateBatch(ctx, queue.Batch{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Add(ctx, "b", queue.Chunk{Marks: []queue.Mark{{Key: "k", Value: []byte("value")}}}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, _, err := Compact(path, Options{}); err != nil {
		t.Fatal(err)
	}
	db = reopen()
	if marks, err := db.Marks(ctx, "b"); err != nil || len(marks) != 1 || string(marks[0].Value) != "value" {
		t.Fatalf("after a compact: got %q, %v", marks, err)
	}
	err := db.bolt.Update(func(tx *bbolt.Tx) error {
		bk, err := bucketsOf(tx, 1)
		if err != nil {
			return err
		}
		b := bk.root.Bucket(bucketMarks)
		v := append([]byte{}, b.Get([]byte("k"))...)
		v[0] ^= 1
		return b.Put([]byte("k"), v)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Marks(ctx, "b")
	wantErr(t, err, queue.ErrCorrupt, `the mark "k" is garbled`)
	if report, err := db.Check(ctx, nil); err != nil || report.Found != 1 {
		t.Errorf("check: got %q, %v, want the mark", report.Problems, err)
	}
}
