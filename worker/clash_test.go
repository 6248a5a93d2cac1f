package worker

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/queuetest"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// A job id that another item has is believed of neither until both were looked up: each object has its one job, under
// the id that AiR lists.
func TestSameJobIDSendsBothToALookup(t *testing.T) {
	const items = 60
	for name, chosen := range map[string]func(int64) bool{
		"every fifth": func(n int64) bool { return n%5 == 0 },
		"from the eleventh on, each that of the job before": func(n int64) bool { return n > 10 },
		"two now and then": func(n int64) bool { return n%9 == 4 || n%9 == 5 },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, items, onPost(airtest.SameID, chosen), func(b *bubble) {
				var log bytes.Buffer
				if err := b.run(100, func(c *Config) { c.Workers, c.Log = 1, zerolog.New(zerolog.SyncWriter(&log)) }); err != nil {
					t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: items})
				if got := b.air.Accepted(); got != items {
					t.Errorf("%d jobs for %d items", got, items)
				}
				ids := map[string]string{}
				err := queuetest.On(b.db).Entries(context.Background(), batch, queue.Filter{}, func(e *queue.Entry) error {
					if other, twice := ids[e.JobID]; twice {
						t.Errorf("%q and %q have one job id", e.Key, other)
					}
					ids[e.JobID] = e.Key
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(log.String(), queue.CodeSameID) {
					t.Errorf("no warning of an id given twice:\n%s", log.String())
				}
			})
		})
	}
}

// Three in a row stop the run; a new id between them ends the streak.
func TestThreeSameJobIDsStopTheRun(t *testing.T) {
	inBubble(t, 9, airtest.Config{}, func(b *bubble) {
		c := b.pool(100, nil).committer
		store := func(seq uint64, jobID string) {
			time.Sleep(time.Second)
			got, err := queuetest.On(b.db).Claim(context.Background(), queue.ClaimRequest{Batches: []string{batch}, Max: 1, Day: 1})
			if err != nil || len(got) != 1 || got[0].Seq != seq {
				t.Fatalf("claim: got %v, %v, want item %d", got, err, seq)
			}
			c.gathered = []claimResult{{Result: queue.Result{Batch: batch, Seq: seq, To: queue.Submitted, JobID: jobID}, claimed: got[0], sent: time.Now()}}
			c.commit()
		}
		for seq, id := range []string{"x", "x", "x", "y", "x", "y"} {
			store(uint64(seq), id)
			if c.reason() != nil {
				t.Fatalf("stopped after item %d: %v", seq, c.reason())
			}
		}
		store(6, "x")
		wantStop(t, c.reason(), stop.Setup)
		if text := c.reason().Error(); !strings.Contains(text, "answers in a row belonged to other requests") || !strings.Contains(text, `the job id "x"`) {
			t.Errorf("got %q", text)
		}
		b.want(queue.Counts{InDoubt: 7, Pending: 2})
		if got := c.lookups.pending.Waiting(); got != 7 {
			t.Errorf("%d lookups are expected, want one for each of 7 items", got)
		}
	})
}

// Of answers that were under way as the first clash was stored none counts again, whenever it is stored: one disturbance
// of many connections stops no run.
func TestSameJobIDsInFlightTogetherCountOnce(t *testing.T) {
	const items = 6
	inBubble(t, items, airtest.Config{}, func(b *bubble) {
		c := b.pool(100, nil).committer
		got, err := queuetest.On(b.db).Claim(context.Background(), queue.ClaimRequest{Batches: []string{batch}, Max: items, Day: 1})
		if err != nil || len(got) != items {
			b.t.Fatalf("claim: got %v, %v", got, err)
		}
		time.Sleep(time.Second)
		sent := time.Now()
		for _, item := range got {
			time.Sleep(time.Second) // each has a commit of its own
			c.gathered = []claimResult{{Result: queue.Result{Batch: batch, Seq: item.Seq, To: queue.Submitted, JobID: "x"}, claimed: item, sent: sent}}
			c.commit()
		}
		if c.reason() != nil {
			b.t.Errorf("stopped: %v", c.reason())
		}
		b.want(queue.Counts{InDoubt: items})
	})
}
