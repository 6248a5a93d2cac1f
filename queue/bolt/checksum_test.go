package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/queuetest"
)

// firstBatch is the number of a queue's first batch.
const firstBatch = 1

// TestFlippedBitIsFound flips a bit of every byte of every record, run, gate, daily count and of the index key: each
// would change what is sent, so each must end the open, or be found by Check.
func TestFlippedBitIsFound(t *testing.T) {
	path := writeFile(t, someQueue(t))
	mustOpen(t, path).Close() // what was being sent is in doubt now, so that the opens below need not write it
	some, err := os.ReadFile(path)
	must(t, err)
	type place struct {
		path [][]byte
		key  []byte
		len  int
	}
	var places []place
	raw, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	num := numKey(firstBatch)
	must(t, raw.View(func(tx *bbolt.Tx) error {
		for _, p := range [][][]byte{
			{bucketMeta}, {bucketGates}, {bucketDays}, {bucketBatches, num, bucketOpen}, {bucketBatches, num, bucketReady},
			{bucketBatches, num, bucketResults}, {bucketBatches, num, bucketRuns}, {bucketBatches, num, bucketEvents},
		} {
			before := len(places)
			must(t, bucketAt(tx, p).ForEach(func(k, v []byte) error {
				if !bytes.Equal(k, keyMagic) && !bytes.Equal(k, keyFormat) && len(places) < before+2 {
					places = append(places, place{p, bytes.Clone(k), len(v)})
				}
				return nil
			}))
			if len(places) == before {
				t.Errorf("nothing is in %q: the test proves nothing", p)
			}
		}
		return nil
	}))
	must(t, raw.Close())
	for _, p := range places {
		for at := range p.len {
			path := writeFile(t, some)
			raw, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
			must(t, err)
			must(t, raw.Update(func(tx *bbolt.Tx) error {
				b := bucketAt(tx, p.path)
				v := bytes.Clone(b.Get(p.key))
				v[at] ^= 1 << (at % 8)
				return b.Put(p.key, v)
			}))
			must(t, raw.Close())
			if err := soundAgain(t, path); err == nil {
				t.Errorf("%q %x: a flipped bit of byte %d went unnoticed", p.path, p.key, at)
			}
		}
	}
	// A value under another key is as wrong as another value.
	moved := map[string]func(bk buckets) error{
		"a result": func(bk buckets) error {
			return bk.results.Put(resultKey(1, 0), bytes.Clone(bk.results.Get(resultKey(0, 0))))
		},
	}
	for name, move := range moved {
		db := mustOpen(t, writeFile(t, some))
		b, err := db.lookup("b")
		must(t, err)
		must(t, db.submit(t.Context(), false, func(x *txn) error {
			bk, err := x.buckets(b)
			x.note(move(bk))
			x.writes++
			return err
		}))
		if report, err := db.Check(t.Context(), nil); err == nil && report.OK() {
			t.Errorf("%s under another item's key went unnoticed", name)
		}
	}
}

// soundAgain opens and checks a queue, as a run's start and airlift check do, and asks for the gate.
func soundAgain(t *testing.T, path string) error {
	db, err := Open(path, Options{})
	if err != nil {
		if !errors.Is(err, queue.ErrCorrupt) {
			t.Errorf("got %v, want ErrCorrupt", err)
		}
		return err
	}
	defer db.Close()
	if _, err := queuetest.On(db).Gate(t.Context(), queue.DefaultAccount); err != nil {
		return err
	}
	report, err := db.Check(t.Context(), nil)
	if err == nil && !report.OK() {
		err = fmt.Errorf("%d problems", report.Found)
	}
	return err
}

// An index that has lost a run would let its objects be added, and sent, a second time.
func TestLostRunIsFound(t *testing.T) {
	db := mustOpen(t, writeFile(t, someQueue(t)))
	b, err := db.lookup("b")
	must(t, err)
	must(t, db.submit(t.Context(), false, func(x *txn) error {
		bk, err := x.buckets(b)
		x.delete(bk.runs, numKey(0))
		return err
	}))
	_, err = db.Add(t.Context(), "b", queue.Chunk{Items: []queue.Item{{Bucket: "b", Key: "one more"}}})
	wantErr(t, err, queue.ErrCorrupt, "the index has 0 of")
}
