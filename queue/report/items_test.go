package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"airlift/queue"
	"airlift/queue/bolt"
)

// manyItems returns a queue whose batch "b" has several pages of items, and the keys of these, one a line.
func manyItems(t *testing.T) (db *bolt.DB, keys string) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "queue.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var all strings.Builder
	var items []queue.Item
	for i := range 12_000 {
		key := fmt.Sprintf("%05d.mov", i)
		items = append(items, queue.Item{Line: int64(i + 2), Bucket: "archive", Key: key})
		fmt.Fprintln(&all, key)
	}
	if err := db.CreateBatch(t.Context(), queue.Batch{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	if err := db.BeginReading(t.Context(), "b", false); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Add(t.Context(), "b", queue.Chunk{Items: items}); err != nil {
		t.Fatal(err)
	}
	return db, all.String()
}

// formatKeys writes nothing but the keys.
func formatKeys(b []byte, entries []queue.Entry) ([]byte, error) {
	for i := range entries {
		b = append(append(b, entries[i].Key...), '\n')
	}
	return b, nil
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Pages that are formatted early wait for a slow one before them.
func TestItemsAreWrittenInOrder(t *testing.T) {
	t.Parallel()
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("needs two formatters")
	}
	db, want := manyItems(t)
	second := make(chan struct{})
	var out bytes.Buffer
	err := WriteItems(t.Context(), &out, db, "b", queue.Filter{}, func(b []byte, entries []queue.Entry) ([]byte, error) {
		switch first := entries[0].Seq; {
		case first == 0:
			<-second
		case first <= 1000:
			close(second)
		}
		return formatKeys(b, entries)
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got %d bytes, want %d in order", out.Len(), len(want))
	}
}

// After a failed write nothing more is written. The pages before one that fails are written.
func TestItemsAreWrittenUpToAnError(t *testing.T) {
	t.Parallel()
	db, want := manyItems(t)
	bad, writes := errors.New("bad"), 0
	err := WriteItems(t.Context(), writerFunc(func(p []byte) (int, error) {
		if writes++; writes == 3 {
			return 0, bad
		}
		return len(p), nil
	}), db, "b", queue.Filter{}, formatKeys)
	if err != bad || writes != 3 {
		t.Errorf("a write fails: got %v after %d writes, want %v after 3", err, writes, bad)
	}
	var out bytes.Buffer
	err = WriteItems(t.Context(), &out, db, "b", queue.Filter{}, func(b []byte, entries []queue.Entry) ([]byte, error) {
		for i := range entries {
			if entries[i].Seq == 7000 {
				return b, bad
			}
		}
		return formatKeys(b, entries)
	})
	if n := strings.Count(out.String(), "\n"); err != bad || !strings.HasPrefix(want, out.String()) || n == 0 || n > 7000 || n < 6000 {
		t.Errorf("a page fails: got %v after %d rows, want %v after the pages before item 7000", err, n, bad)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out.Reset()
	err = WriteItems(ctx, writerFunc(func(p []byte) (int, error) {
		cancel()
		return out.Write(p)
	}), db, "b", queue.Filter{}, func(b []byte, entries []queue.Entry) ([]byte, error) {
		if entries[0].Seq > 0 {
			<-ctx.Done()
		}
		return formatKeys(b, entries)
	})
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(want, out.String()) {
		t.Errorf("ended in the middle: got %v and %d bytes, want %v", err, out.Len(), context.Canceled)
	}
}
