package bolt

import (
	"fmt"
	"path/filepath"
	"testing"

	"airlift/queue"
	"airlift/queue/queuetest"
)

// Items that are missing are told of, not passed over: however few they are, and whichever are asked for.
func TestMissingBlocks(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "q.db"))
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	must(t, db.BeginReading(t.Context(), "b", false))
	for i := range 3 {
		_, err := db.Add(t.Context(), "b", queue.Chunk{Items: []queue.Item{{Bucket: "b", Key: fmt.Sprint(i)}}})
		must(t, err)
	}
	b, err := db.lookup("b")
	must(t, err)
	must(t, db.submit(t.Context(), false, func(t *txn) error {
		bk, err := t.buckets(b)
		t.note(bk.items.Delete(secondBlock(bk)))
		t.writes++
		return err
	}))
	for _, state := range []queue.State{"", queue.Pending} {
		err := queuetest.On(db).Entries(t.Context(), "b", queue.Filter{State: state}, func(*queue.Entry) error { return nil })
		wantErr(t, err, queue.ErrCorrupt)
	}
	_, err = queuetest.On(db).Cancel(t.Context(), "b", queue.Filter{})
	wantErr(t, err, queue.ErrCorrupt)
}
