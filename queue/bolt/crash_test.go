package bolt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"airlift/queue"
	"airlift/queue/bolt/file"
	"airlift/queue/queuetest"
)

// TestCopyInMidRun copies the file again and again while it is worked on, which is what a kill leaves (a copy is
// not one instant's, so each is taken between two commits); each copy opens clean, and what was acknowledged
// before it is there.
func TestCopyInMidRun(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "q.db")
	db := mustOpen(t, path)
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	var wg sync.WaitGroup
	defer wg.Wait()
	var mu sync.Mutex
	submitted := int64(0)
	for worker := range 4 {
		wg.Go(func() {
			for round := range 12 {
				rows := make([]queue.Item, 300)
				for i := range rows {
					rows[i] = archiveRow(worker*100000 + round*1000 + i)
				}
				_, err := db.Add(t.Context(), "b", queue.Chunk{Items: rows})
				must(t, err)
				list, err := queuetest.On(db).Claim(t.Context(), queue.ClaimRequest{Batches: []string{"b"}, Max: 100, Day: 1})
				must(t, err)
				var res []queue.Result
				for _, c := range list[:len(list)/2] {
					res = append(res, queue.Result{Batch: "b", Seq: c.Seq, To: queue.Submitted, JobID: fmt.Sprint("j", c.Seq)})
				}
				_, err = queuetest.On(db).Finish(t.Context(), res)
				must(t, err)
				gone := queue.Item{Bucket: "archive", Key: fmt.Sprintf("gone/%d-%d", worker, round)}
				_, err = db.Adopt(t.Context(), "b", []queue.Adopted{{Unsourced: &gone, JobID: gone.Key}})
				must(t, err)
				mu.Lock()
				submitted += int64(len(res)) + 1
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	copies := 0
	for running := true; running; copies++ {
		select {
		case <-done:
			running = false
		default:
		}
		mu.Lock()
		acknowledged := submitted
		mu.Unlock()
		var data []byte
		must(t, db.submit(t.Context(), false, func(*txn) (err error) { // between two commits
			data, err = os.ReadFile(path)
			return err
		}))
		copied := filepath.Join(dir, "copy.db")
		must(t, os.WriteFile(copied, data, 0o600))
		again, err := Open(copied, Options{})
		must(t, err)
		b, err := again.Batch(t.Context(), "b")
		must(t, err)
		if b.Counts.Submitted < acknowledged || b.Counts.Sending != 0 {
			t.Fatalf("copy %d: got %+v, want at least %d submitted and none sending", copies, b.Counts, acknowledged)
		}
		if report, err := again.Check(t.Context(), nil); err != nil || !report.OK() {
			t.Fatalf("copy %d: check: got %q, %v, want nothing", copies, report.Problems, err)
		}
		must(t, again.Close())
	}
	t.Logf("%d copies", copies)
}

// TestBroken makes a commit fail by taking the file away under bbolt.
func TestBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	must(t, os.WriteFile(path, someQueue(t), 0o600))
	db, err := Open(path, Options{})
	must(t, err)
	before, err := db.Batch(t.Context(), "b")
	must(t, err)
	must(t, db.handle.Close())
	add := func() error {
		_, err := db.Add(t.Context(), "b", queue.Chunk{Items: []queue.Item{{Key: "new"}}})
		return err
	}
	wantErr(t, add(), queue.ErrBroken, "file already closed")
	wantErr(t, add(), queue.ErrBroken, "file already closed")
	wantErr(t, db.SetGate(t.Context(), "a", queue.Gate{}), queue.ErrBroken)
	_, err = queuetest.On(db).Claim(t.Context(), queue.ClaimRequest{Batches: []string{"b"}, Max: 1})
	wantErr(t, err, queue.ErrBroken)
	wantErr(t, queuetest.On(db).Entries(t.Context(), "b", queue.Filter{}, nil), queue.ErrBroken)
	_, err = queuetest.On(db).Gate(t.Context(), "a")
	wantErr(t, err, queue.ErrBroken)
	after, err := db.Batch(t.Context(), "b")
	must(t, err)
	if after.Counts != before.Counts {
		t.Errorf("books after a failed commit: got %+v, want %+v", after.Counts, before.Counts)
	}
	_ = db.Close() // the file is gone already
	again := mustOpen(t, path)
	if report, err := again.Check(t.Context(), nil); err != nil || !report.OK() {
		t.Errorf("check after reopen: got %q, %v, want nothing", report.Problems, err)
	}
}

func TestCompact(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "q.db")
	_, _, err := Compact(path, Options{})
	wantErr(t, err, queue.ErrNotExist)
	must(t, os.WriteFile(path, someQueue(t), 0o600))
	must(t, os.Chmod(path, 0o640))
	must(t, os.WriteFile(file.CompactPath(path), []byte("left over"), 0o600))
	var histories [][]queue.Event
	read := func() (all []queue.Entry) {
		db := mustOpen(t, path)
		if report, err := db.Check(t.Context(), nil); err != nil || !report.OK() {
			t.Errorf("check: got %q, %v, want nothing", report.Problems, err)
		}
		must(t, queuetest.On(db).Entries(t.Context(), "b", queue.Filter{}, func(e *queue.Entry) error {
			all = append(all, *e)
			return nil
		}))
		for i := range all {
			list, err := db.History(t.Context(), "b", all[i].Seq)
			must(t, err)
			histories = append(histories, list)
		}
		must(t, db.Close())
		return all
	}
	want := read()
	before, after, err := Compact(path, Options{})
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	if info.Size() != after || after >= before || after == 0 {
		t.Errorf("sizes: got %d to %d, and the file has %d", before, after, info.Size())
	}
	if info.Mode() != 0o640 {
		t.Errorf("mode: got %v, want -rw-r-----", info.Mode())
	}
	got := read()
	if len(got) != len(want) || len(got) != 3000 {
		t.Fatalf("entries: got %d, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Key != want[i].Key || got[i].Record != want[i].Record {
			t.Errorf("entry %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
	if before, after := fmt.Sprint(histories[:3000]), fmt.Sprint(histories[3000:]); before != after || !strings.Contains(after, string(queue.Attempted)) {
		t.Error("what happened to the items differs after the compact")
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("the folder holds %v, want the queue alone", list)
	}
}

// TestReplacedWhileWaiting puts another file in the place of the one whose lock is waited for, as a compact does.
func TestReplacedWhileWaiting(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "q.db"), filepath.Join(dir, "other.db")
	holder := mustOpen(t, path)
	must(t, os.WriteFile(other, someQueue(t), 0o600))
	opening, got := make(chan struct{}), make(chan *DB)
	go func() {
		close(opening)
		db, err := Open(path, Options{LockTimeout: 20e9})
		must(t, err)
		got <- db
	}()
	<-opening
	must(t, os.Rename(other, path))
	wantErr(t, holder.Close(), queue.ErrReplaced)
	db := <-got
	if _, err := db.Batch(t.Context(), "b"); err != nil {
		t.Errorf("got %v, want the file that has the name now", err)
	}
	must(t, db.Close())
}

func writeFile(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "q.db")
	must(t, os.WriteFile(path, data, 0o600))
	return path
}
