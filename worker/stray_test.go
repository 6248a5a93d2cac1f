package worker

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/queuetest"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

var strayRounds = flag.Int("strayrounds", 24, "how many rounds TestStrayAnswersOverRounds plays")

// A server that repeats each answer unasked, round after round over real connections: after each the jobs at the server are
// the items submitted, and each item has the job that was made for it. -strayrounds 500 is the long form.
func TestStrayAnswersOverRounds(t *testing.T) {
	const items = 12
	log.SetOutput(io.Discard) // net/http logs each answer that comes unasked
	defer log.SetOutput(os.Stderr)
	kinds := []airtest.Kind{airtest.StrayAnswer, airtest.LateRepeat, airtest.StrayAnswer}
	server := airtest.NewServer(airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		if r.N%40 == 0 {
			return airtest.Fault{Kind: airtest.ResetAfter} // the lookup that follows meets strays too
		}
		return airtest.Fault{Kind: kinds[r.N%len(kinds)]}
	}})
	url := server.Start(t)
	db, err := bolt.Open(filepath.Join(t.TempDir(), "queue.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	submitted := 0
	for round := range *strayRounds {
		id := fmt.Sprint("round ", round)
		workers := []int{1, 8}[round%2]
		submitted += playStrayRound(t, db, url, id, items, workers)
		if got := server.Accepted(); got != submitted || len(server.Duplicates()) > 0 {
			t.Fatalf("%s: %d jobs at the server (%v), %d items submitted", id, got, server.Duplicates(), submitted)
		}
		byObject := server.ByObject()
		err := queuetest.On(db).Entries(t.Context(), id, queue.Filter{}, func(e *queue.Entry) error {
			ids := byObject[airtest.Object{Batch: id, Bucket: e.Bucket, Key: e.Key}]
			if e.State != queue.Submitted || len(ids) != 1 || ids[0] != e.JobID {
				t.Errorf("%s: %s is %s with job %s, the server has %v", id, e.Key, e.State, e.JobID, ids)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
	if struck := server.Injected(); struck[airtest.StrayAnswer] == 0 || struck[airtest.LateRepeat] == 0 {
		t.Errorf("faults: %v, want strays of both kinds", struck)
	}
}

// playStrayRound submits a batch, with as many runs as that takes, and returns how many items were submitted.
func playStrayRound(t *testing.T, db *bolt.DB, url, id string, items, workers int) int {
	t.Helper()
	err := db.CreateBatch(t.Context(), queue.Batch{ID: id, Account: queue.DefaultAccount, Settings: queue.Settings{JobFields: queue.JobFields{
		Services: []byte(`{"ocr":""}`), DestinationBucket: "out", DestinationRegion: "us-east-1",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var c queue.Chunk
	for i := range items {
		c.Items = append(c.Items, queue.Item{Line: int64(i + 2), Bucket: "archive", Key: fmt.Sprintf("clip-%05d.mov", i)})
	}
	if _, err := db.Add(t.Context(), id, c); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		client, err := air.New(air.Config{BaseURL: url, Credentials: air.NewCredentials("access-key", "secret-key"), Connections: workers})
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(Config{
			Store: db, API: client, Limiter: ratelimit.NewLimiter(ratelimit.Unlimited, 1), Batches: []string{id}, Opened: time.Now(),
			Workers: workers, Settle: 250 * time.Millisecond, MaxAttempts: 50, Log: zerolog.Nop(),
		})
		if err != nil {
			t.Fatal(err)
		}
		err = p.Run(t.Context())
		client.Close()
		if err == nil {
			break
		}
		wantStop(t, err, stop.Setup)
	}
	b, err := db.Batch(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	if b.Counts.Submitted != int64(items) {
		t.Fatalf("%s: got %+v, want %d submitted", id, b.Counts, items)
	}
	return int(b.Counts.Submitted)
}
