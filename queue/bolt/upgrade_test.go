package bolt

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"airlift/queue"
	"airlift/queue/queuetest"
)

// TestUpgrade opens a queue as airlift wrote it in the former format: everything must be there, once and for all.
func TestUpgrade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	must(t, os.WriteFile(path, formerQueue(t, formerFormat), 0o640))
	for range 2 {
		db := mustOpen(t, path)
		b, err := db.Batch(t.Context(), "b")
		must(t, err)
		want := queue.Counts{Items: 600, Pending: 401, InDoubt: 31, Submitted: 46, Failed: 22, Cancelled: 100}
		if diff := cmp.Diff(want, b.Counts); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		if used, err := queuetest.On(db).Day(t.Context(), queue.DefaultAccount, queue.DayOf(at)); err != nil || used != (queue.DayCount{Claimed: 99, Submitted: 46}) {
			t.Errorf("day: got %+v, %v", used, err)
		}
		if g, err := queuetest.On(db).Gate(t.Context(), queue.DefaultAccount); err != nil || !g.PausedUntil.Equal(at.Add(12*time.Hour)) {
			t.Errorf("gate: got %+v, %v", g, err)
		}
		e, found, err := db.Find(t.Context(), "b", queue.Object{Bucket: "archive", Key: "reels/0004.mov"})
		if err != nil || !found || e.State != queue.Submitted || e.JobID != fmt.Sprintf("%032x", 4) {
			t.Errorf("item 4: got %+v, %t, %v", e, found, err)
		}
		rows := []queue.Item{e.Item, {Bucket: "archive", Key: "reels/0005.mov"}}
		if has, err := db.Has(t.Context(), "b", rows, false); err != nil || !has[0] || !has[1] {
			t.Errorf("known: got %v, %v, want both", has, err)
		}
		if report, err := db.Check(t.Context(), nil); err != nil || !report.OK() {
			t.Errorf("check: got %q, %v", report.Problems, err)
		}
		must(t, db.Close())
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode became %v", info.Mode())
	}
	if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A queue from before histories were kept shows what its records tell.
func TestHistoryOfAFormerQueue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	must(t, os.WriteFile(path, formerQueue(t, formerFormat), 0o600))
	db := mustOpen(t, path)
	b, err := db.Batch(t.Context(), "b")
	must(t, err)
	told := map[queue.EventKind]int64{}
	must(t, queuetest.On(db).Entries(t.Context(), "b", queue.Filter{}, func(e *queue.Entry) error {
		list, err := db.History(t.Context(), "b", e.Seq)
		must(t, err)
		last := list[len(list)-1]
		if last.State != e.State || last.JobID != e.JobID || list[0].Kind != queue.Enqueued {
			t.Errorf("item %d, %s: got %+v", e.Seq, e.State, list)
		}
		told[last.Kind]++
		return nil
	}))
	if told[queue.Attempted] < b.Counts.Submitted+b.Counts.Failed || told[queue.Dropped] != b.Counts.Cancelled {
		t.Errorf("got %v, want one attempt for each of %+v", told, b.Counts)
	}
}

func formerQueue(t *testing.T, format int) []byte {
	f, err := os.Open(fmt.Sprintf("testdata/format%d.db.gz", format))
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	return b
}
