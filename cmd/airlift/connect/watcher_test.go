package connect

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/worker/service"
)

// A queue at rest is read again when a pause ends or a day, although its file stays as it is.
func TestAQueueAtRestIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, ctx := filepath.Join(t.TempDir(), "q.db"), t.Context()
		db, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		set := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		now := time.Now()
		set(db.CreateBatch(ctx, queue.Batch{ID: "b"}))
		set(db.SetBatchControl(ctx, "b", queue.BatchControl{Paused: true, PausedUntil: now.Add(3 * time.Hour)}))
		set(db.SetControl(ctx, queue.DefaultAccount, queue.Control{Paused: true, PausedUntil: now.Add(2 * time.Hour)}))
		set(db.SetGate(ctx, queue.DefaultAccount, queue.Gate{PausedUntil: now.Add(time.Hour), Reason: "cap"}))
		set(db.Close())

		w := Watcher{Config: Config{Path: path, Log: zerolog.Nop()}}
		defer w.Close()
		look := func() service.Overview {
			t.Helper()
			o, err := w.Overview(ctx)
			set(err)
			return o
		}
		type seen struct{ gate, account, batch bool }
		for i, want := range []seen{{true, true, true}, {false, true, true}, {false, false, true}, {}} {
			if i > 0 {
				time.Sleep(time.Hour)
			}
			o := look()
			if got := (seen{o.Account.PausedUntil != nil, o.Account.ByHand != nil, o.Batches[0].ByHand != nil}); got != want {
				t.Errorf("after %d hours: got %+v, want %+v", i, got, want)
			}
			w.latest.Account.Submitted = 7 // as if it were of today
			if again := look(); again.Account.Submitted != 7 {
				t.Errorf("after %d hours: the file is read at each look", i)
			}
		}
		time.Sleep(24 * time.Hour)
		if o := look(); o.Account.Submitted != 0 {
			t.Errorf("on the next day %d were submitted", o.Account.Submitted)
		}
	})
}
