package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

func TestRunsStayFew(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "q.db"))
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	rows := make([]queue.Item, 10)
	for n := range 300 {
		for i := range rows {
			rows[i] = archiveRow(n*len(rows) + i)
		}
		_, err := db.Add(t.Context(), "b", queue.Chunk{Items: rows})
		must(t, err)
	}
	b, err := db.lookup("b")
	must(t, err)
	if runs := len(runsOf(t, db, b)); runs > 24 {
		t.Errorf("300 adds left %d runs, want at most 24", runs)
	}
	if report, err := db.Check(t.Context(), nil); err != nil || !report.OK() {
		t.Errorf("check: got %q, %v, want nothing", report.Problems, err)
	}
}

// TestFilterIsReadAnew adds more than the first filter holds: what was added before stays known.
func TestFilterIsReadAnew(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "q.db"))
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	rows := make([]queue.Item, 1<<19+20_000)
	for i := range rows {
		rows[i] = queue.Item{Bucket: "b", Key: fmt.Sprint(i)}
	}
	for again, want := range []queue.Added{{Added: len(rows)}, {Known: len(rows)}} {
		must(t, db.BeginReading(t.Context(), "b", false))
		got := queue.Added{}
		for part := range slices.Chunk(rows, 40_000) {
			a, err := db.Add(t.Context(), "b", queue.Chunk{Items: part})
			must(t, err)
			got.Added, got.Known = got.Added+a.Added, got.Known+a.Known
		}
		if got.Added != want.Added || got.Known != want.Known {
			t.Errorf("reading %d: got %d added, %d known, want %d, %d", again, got.Added, got.Known, want.Added, want.Known)
		}
	}
}

// TestHashIsKeyed: nobody can prepare two objects with one hash, because each queue hashes with a key of its own.
func TestHashIsKeyed(t *testing.T) {
	a, b := mustOpen(t, filepath.Join(t.TempDir(), "a")), mustOpen(t, filepath.Join(t.TempDir(), "b"))
	if a.indexKey == b.indexKey || a.indexKey == [16]byte{} {
		t.Fatalf("keys of two queues: %x and %x", a.indexKey, b.indexKey)
	}
}

// TestCheckFinds spoils a sound queue in one place at a time.
func TestCheckFinds(t *testing.T) {
	some := changedQueue(t)
	for name, spoil := range map[string]func(bk buckets) error{
		"a block":    func(bk buckets) error { return bk.items.Put(secondBlock(bk), []byte("garbage")) },
		"no block":   func(bk buckets) error { return bk.items.Delete(secondBlock(bk)) },
		"an intent":  func(bk buckets) error { return bk.open.Delete(seqKey(2)) },
		"a result":   func(bk buckets) error { return bk.results.Delete(resultKey(0, 0)) },
		"too many":   func(bk buckets) error { return putSubmitted(bk, resultKey(2900, 0)) },
		"no item":    func(bk buckets) error { return putSubmitted(bk, resultKey(9999, 0)) },
		"generation": func(bk buckets) error { return putSubmitted(bk, resultKey(0, 2)) },
		"ready":      func(bk buckets) error { return bk.ready.Put(seqKey(3), []byte{0xff}) },
		"a pack":     func(bk buckets) error { return bk.rejected.Delete(seqKey(0)) },
		"the index":  func(bk buckets) error { return spoilIndex(bk, 3) },
		"a seq":      func(bk buckets) error { return spoilIndex(bk, -codec.SumLen-1) },
		"a print":    func(bk buckets) error { return spoilIndex(bk, 17) },
		"a history":  func(bk buckets) error { return bk.histories.Put(seqKey(0), []byte("garbage")) },
		"no history": func(bk buckets) error { return bk.histories.Delete(seqKey(0)) },
		"of no item": func(bk buckets) error { return putHistory(bk, 9999, queue.History{First: 1}) },
		"no version": func(bk buckets) error { return putHistory(bk, 0, queue.History{First: 1}) },
		"a version of another": func(bk buckets) error {
			h, _, err := historyOf(bk, 0)
			h.Further[0].Seq++
			return errors.Join(err, putHistory(bk, 0, h))
		},
		"one more": func(bk buckets) error {
			h, _, err := historyOf(bk, 0)
			h.Further = append(h.Further, queue.Version{Seq: 5, Number: 5, Content: 5})
			return errors.Join(err, putHistory(bk, 0, h))
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := mustOpen(t, writeFile(t, some))
			if report, err := db.Check(t.Context(), nil); err != nil || !report.OK() {
				t.Fatalf("before: got %q, %v, want nothing", report.Problems, err)
			}
			b, err := db.lookup("b")
			must(t, err)
			must(t, db.submit(t.Context(), false, func(t *txn) error {
				bk, err := t.buckets(b)
				t.note(spoil(bk))
				t.writes++
				return err
			}))
			report, err := db.Check(t.Context(), nil)
			must(t, err)
			if report.OK() || len(report.Problems) == 0 {
				t.Error("nothing was found")
			}
			t.Log(report.Problems[0])
		})
	}
}

// secondBlock returns the key of the second of several blocks.
func secondBlock(bk buckets) []byte {
	c := bk.items.Cursor()
	c.First()
	k, _ := c.Next()
	return slices.Clone(k)
}

// changedQueue is someQueue with some versions.
func changedQueue(t *testing.T) []byte {
	path := writeFile(t, someQueue(t))
	rows := make([]queue.Item, 40)
	for n := range 2 {
		for i := range rows {
			rows[i] = archiveRow(i)
			rows[i].Content = queue.Content(n + 1)
		}
		db, err := Open(path, Options{})
		must(t, err)
		_, err = db.Add(t.Context(), "b", queue.Chunk{Items: rows, Changed: true})
		must(t, err)
		b, err := db.Batch(t.Context(), "b")
		must(t, err)
		if want := []int64{0, 20}[n]; b.Versions != want {
			t.Fatalf("versions: got %d, want %d", b.Versions, want)
		}
		must(t, db.Close())
	}
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

func putHistory(bk buckets, first uint64, h queue.History) error {
	key := seqKey(first)
	return bk.histories.Put(key, codec.Bind(key, block.EncodeHistory(&h)))
}

func putSubmitted(bk buckets, key []byte) error {
	return bk.results.Put(key, codec.Bind(key, block.Record{Record: queue.Record{State: queue.Submitted, JobID: "j"}}.Append(nil)))
}

// spoilIndex changes a byte of the first value of the only run, from its end if at is negative.
func spoilIndex(bk buckets, at int) error {
	run := bk.index.Bucket(binary.BigEndian.AppendUint32(nil, 0))
	if run == nil {
		return fmt.Errorf("no run")
	}
	k, v := run.Cursor().First()
	v = slices.Clone(v)
	if at < 0 {
		at += len(v)
	}
	v[at] ^= 1
	return run.Put(slices.Clone(k), v)
}

// runsOf returns how many entries each run of a batch's index has.
func runsOf(t *testing.T, db *DB, b *batch) (entries []int64) {
	must(t, db.viewBatch(t.Context(), b, func(bk buckets) error {
		return bk.runs.ForEach(func(_, v []byte) error {
			n, _ := binary.Uvarint(v)
			entries = append(entries, int64(n))
			return nil
		})
	}))
	return entries
}
