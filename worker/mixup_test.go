package worker

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// onPost injects a fault into the POSTs whose number, from 1, is chosen.
func onPost(kind airtest.Kind, chosen func(n int64) bool) airtest.Config {
	var n atomic.Int64
	return airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		if r.Method == "POST" && chosen(n.Add(1)) {
			return airtest.Fault{Kind: kind}
		}
		return airtest.Fault{}
	}}
}

// An answer that proves to be another request's is not believed, and the run goes on: each object has its one job.
func TestAnswersToOtherRequestsAreNotBelieved(t *testing.T) {
	const items = 60
	for _, kind := range []airtest.Kind{airtest.WrongEcho, airtest.OddID} {
		for name, chosen := range map[string]func(int64) bool{
			"every third": func(n int64) bool { return n%3 == 0 },
			"two in five": func(n int64) bool { return n%5 > 2 },
		} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				inBubble(t, items, onPost(kind, chosen), func(b *bubble) {
					if err := b.run(100, func(c *Config) { c.Workers = 1 }); err != nil {
						t.Fatal(err)
					}
					b.want(queue.Counts{Submitted: items})
					if got := b.air.Accepted(); got != items {
						t.Errorf("%d jobs for %d items", got, items)
					}
				})
			})
		}
	}
}

// distrusting counts how often connections were distrusted.
type distrusting struct {
	*air.Client
	n atomic.Int64
}

func (d *distrusting) DistrustConnections() { d.n.Add(1); d.Client.DistrustConnections() }

// After an answer that belongs to another request no connection is trusted: the next may lie in it already.
func TestAnswersToOtherRequestsEndTrustInConnections(t *testing.T) {
	for _, kind := range []airtest.Kind{airtest.WrongEcho, airtest.SameID, airtest.None} {
		t.Run(string(kind), func(t *testing.T) {
			inBubble(t, 10, onPost(kind, func(n int64) bool { return n == 5 }), func(b *bubble) {
				client := &distrusting{Client: b.client()}
				if err := b.run(100, func(c *Config) { c.Workers, c.API = 1, client }); err != nil {
					t.Fatal(err)
				}
				want := int64(1)
				if kind == airtest.None {
					want = 0
				}
				if got := client.n.Load(); got != want {
					t.Errorf("distrusted %d times, want %d", got, want)
				}
			})
		})
	}
}

// Three in a row are no accident: the run stops, and what it sent is in doubt.
func TestThreeMixedUpAnswersStopTheRun(t *testing.T) {
	for name, first := range map[string]int64{"from the start": 1, "later": 20} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 50, onPost(airtest.WrongEcho, func(n int64) bool { return n >= first }), func(b *bubble) {
				var log bytes.Buffer
				err := b.run(100, func(c *Config) { c.Workers, c.Log = 1, zerolog.New(zerolog.SyncWriter(&log)) })
				wantStop(t, err, stop.Setup)
				b.want(queue.Counts{Submitted: first - 1, InDoubt: 3, Pending: 50 - first - 2})
				for _, text := range []string{"answers in a row belonged to other requests", "3 answers in a row", `Source.ObjectKey "another/clip-`, `Source.ObjectKey "clip-`} {
					if !strings.Contains(err.Error(), text) {
						t.Errorf("got %q, want %q in it", err, text)
					}
				}
				if got := strings.Count(log.String(), "the answer belongs to another request"); got != 3 {
					t.Errorf("%d warnings, want 3:\n%s", got, log.String())
				}
			})
		})
	}
}

// lostThenMisread loses the answer to the third POST, and injects a fault into the first lookups, so many of them.
func lostThenMisread(kind airtest.Kind, first int64) (c airtest.Config, posts, lookups *atomic.Int64) {
	posts, lookups = new(atomic.Int64), new(atomic.Int64)
	return airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		switch {
		case r.Method == "POST" && posts.Add(1) == 3:
			return airtest.Fault{Kind: airtest.ResetAfter}
		case isLookup(r) && lookups.Add(1) <= first:
			return airtest.Fault{Kind: kind}
		}
		return airtest.Fault{}
	}}, posts, lookups
}

// A list that answers another request proves nothing: the item is not sent again for it.
func TestListOfAnotherQuestionProvesNoAbsence(t *testing.T) {
	c, posts, lookups := lostThenMisread(airtest.WrongEcho, 4)
	inBubble(t, 10, c, func(b *bubble) {
		if err := b.run(10, nil); err != nil {
			t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 10})
		if lookups.Load() != 5 || posts.Load() != 10 {
			t.Errorf("%d lookups and %d POSTs, want 5 and 10", lookups.Load(), posts.Load())
		}
	})
}

// asking keeps what lists were asked for.
type asking struct {
	*air.Client
	mu      sync.Mutex
	queries []air.ListQuery // guarded by mu
}

func (a *asking) List(ctx context.Context, q air.ListQuery) (air.Page, error) {
	a.mu.Lock()
	a.queries = append(a.queries, q)
	a.mu.Unlock()
	return a.Client.List(ctx, q)
}

// Every list of a run uses a connection that carried nothing else: what came late, or twice, to another request would be
// taken for its answer.
func TestListsUseConnectionsOfTheirOwn(t *testing.T) {
	for _, kind := range []airtest.Kind{airtest.ResetAfter, airtest.ResetBefore, airtest.Err500Before} {
		t.Run(string(kind), func(t *testing.T) {
			inBubble(t, 20, onPost(kind, func(n int64) bool { return n%5 == 0 && n <= 20 }), func(b *bubble) {
				client := &asking{Client: b.client()}
				if err := b.run(100, func(c *Config) { c.API = client }); err != nil {
					t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: 20})
				if len(client.queries) < 5 {
					t.Errorf("%d lists, want the match check and 4 lookups at least", len(client.queries))
				}
				for _, q := range client.queries {
					if !q.Fresh {
						t.Errorf("a list over a connection that is used again: %+v", q)
					}
				}
			})
		})
	}
}

// Lists that show jobs of other batches alone, and then end, answer another request: nothing is sent again for them.
func TestListsOfOtherBatchesProveNoAbsence(t *testing.T) {
	for name, tt := range map[string]struct {
		other string
		empty bool // lists by name are empty, as if names were cut
	}{
		"another": {"another", false}, "a longer name": {batch + "-2", false}, "all jobs of the batch": {"another", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := onPost(airtest.ResetAfter, func(n int64) bool { return n == 3 })
			c.EditRecords = func(r airtest.Request, _ []air.Job) []air.Job {
				if r.Query.Get("pageNumber") != "1" || tt.empty && r.Query.Get("name") != "" {
					return nil
				}
				return []air.Job{{ID: "1", Name: r.Query.Get("name"), Batch: tt.other, Source: air.Source{Bucket: "archive", ObjectKey: "clip-00002.mov"}}}
			}
			inBubble(t, 10, c, func(b *bubble) {
				if err := b.run(10, nil); err != nil {
					t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: 9, InDoubt: 1})
				if got := b.air.Posts(); got != 10 {
					t.Errorf("%d POSTs, want 10", got)
				}
			})
		})
	}
}

// What stands where the list should be is said once, after the third time.
func TestUnreadableListsAreSaidOnce(t *testing.T) {
	c, _, _ := lostThenMisread(airtest.HTML200After, 6)
	inBubble(t, 5, c, func(b *bubble) {
		var log bytes.Buffer
		if err := b.run(10, func(c *Config) { c.Log = zerolog.New(zerolog.SyncWriter(&log)) }); err != nil {
			t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 5})
		if got := strings.Count(log.String(), "Items in doubt stay in doubt"); got != 1 || !strings.Contains(log.String(), "html") {
			t.Errorf("%d warnings that items stay in doubt, want one that shows what came:\n%s", got, log.String())
		}
	})
}
