package worker

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/queuetest"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/failures"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

// once gives the n-th POST a fault and no other request any.
func once(n int, kind airtest.Kind) func(airtest.Request) airtest.Fault {
	return func(r airtest.Request) airtest.Fault {
		if r.Method == "POST" && r.N == n {
			return airtest.Fault{Kind: kind, Delay: delays[kind]}
		}
		return airtest.Fault{}
	}
}

// delays: a late job is accepted 2 s after our timeout gave up.
var delays = map[airtest.Kind]time.Duration{airtest.Late: air.DefaultTimeout + 2*time.Second}

func TestDoubtIsSettledByALookup(t *testing.T) {
	for _, kind := range []airtest.Kind{
		airtest.Err500Before, airtest.Err500After, airtest.HTML502Before, airtest.HTML502After, airtest.ResetBefore, airtest.ResetAfter,
		airtest.CloseBefore, airtest.CloseAfter, airtest.HangBefore, airtest.HangAfter, airtest.HTML200Before, airtest.HTML200After,
		airtest.EmptyJSONBefore, airtest.EmptyJSONAfter, airtest.HalfBody, airtest.Late,
	} {
		t.Run(string(kind), func(t *testing.T) {
			inBubble(t, 20, airtest.Config{Script: once(7, kind)}, func(b *bubble) {
				begin := time.Now()
				if err := b.run(50, nil); err != nil {
					b.t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: 20})
				if took := time.Since(begin); took < defaultSettle {
					b.t.Errorf("settled after %v, before the settle window of %v had passed", took, defaultSettle)
				}
			})
		})
	}
}

// A list that lags by most of the settle window must not lead to a second job.
func TestDoubtOutlastsALaggingList(t *testing.T) {
	c := airtest.Config{Script: once(3, airtest.ResetAfter), Settings: airtest.Settings{ListLag: airtest.Duration(defaultSettle * 8 / 10)}}
	inBubble(t, 10, c, func(b *bubble) {
		if err := b.run(50, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 10})
		if got := b.air.Posts(); got != 10 {
			b.t.Errorf("POSTs: got %d, want 10", got)
		}
	})
}

func TestDoubtAtOpenWaitsForTheWindow(t *testing.T) {
	inBubble(t, 10, airtest.Config{}, func(b *bubble) {
		if _, err := queuetest.On(b.db).Claim(b.t.Context(), queue.ClaimRequest{Batches: []string{batch}, Max: 4}); err != nil {
			b.t.Fatal(err)
		}
		b.reopen() // as after a crash: four items are being sent
		b.want(queue.Counts{Pending: 6, InDoubt: 4})
		if err := b.run(0, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 10})
		posts, _ := b.arrivals()
		if posts[5].Sub(b.opened) > time.Second || posts[6].Sub(b.opened) < defaultSettle {
			b.t.Errorf("POSTs 6 and 7 were %v and %v after the open: pending items go at once, doubtful ones after the window",
				posts[5].Sub(b.opened), posts[6].Sub(b.opened))
		}
	})
}

func TestAttemptsRunOut(t *testing.T) {
	script := func(r airtest.Request) airtest.Fault {
		if r.Method == "POST" && r.Job.Source.ObjectKey == "clip-00003.mov" {
			return airtest.Fault{Kind: airtest.Err500Before}
		}
		return airtest.Fault{}
	}
	inBubble(t, 10, airtest.Config{Script: script}, func(b *bubble) {
		if err := b.run(50, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 9, Failed: 1})
		if got := b.air.Posts(); got != 9+defaultMaxAttempts {
			b.t.Errorf("POSTs: got %d, want 9 and %d attempts", got, defaultMaxAttempts)
		}
		e, _, err := b.db.Find(b.t.Context(), batch, queue.Object{Bucket: "archive", Key: "clip-00003.mov"})
		if err != nil || e.Attempts != defaultMaxAttempts || e.HTTPStatus != 500 || e.Code != "INTERNAL_ERROR" {
			b.t.Errorf("got %+v, %v, want it failed after 5 attempts with the last error", e.Record, err)
		}
	})
}

// An item that was ever in doubt is looked up immediately before its next POST: here its job appears in the list only
// after the settle window, which the server was not supposed to do.
func TestRetryLooksUpOnceMore(t *testing.T) {
	c := airtest.Config{
		Script:   once(1, airtest.Err500After),
		Settings: airtest.Settings{ListLag: airtest.Duration(2 * time.Minute)},
	}
	inBubble(t, 1, c, func(b *bubble) {
		if err := b.run(50, func(c *Config) { c.MaxAttempts = 1 }); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Failed: 1})
		time.Sleep(5 * time.Minute)
		if n, err := queuetest.On(b.db).Retry(b.t.Context(), batch, queue.Failed, queue.Filter{}); n != 1 || err != nil {
			b.t.Fatalf("retry: got %d, %v", n, err)
		}
		if err := b.run(50, func(c *Config) { c.TrustQueue = true }); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 1})
		if got := b.air.Posts(); got != 1 {
			b.t.Errorf("POSTs: got %d, want the one of before", got)
		}
	})
}

func TestLookupsThatKeepFailingEndTheRun(t *testing.T) {
	script := func(r airtest.Request) airtest.Fault {
		switch {
		case r.Method == "POST" && r.N == 2:
			return airtest.Fault{Kind: airtest.ResetAfter}
		case r.Method == "GET" && r.N > 1:
			return airtest.Fault{Kind: airtest.Forbid403}
		}
		return airtest.Fault{}
	}
	inBubble(t, 5, airtest.Config{Script: script}, func(b *bubble) {
		begin := time.Now()
		if err := b.run(50, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 4, InDoubt: 1})
		if took := time.Since(begin); took < joblist.GiveUp || took > joblist.GiveUp+10*time.Minute {
			b.t.Errorf("ended after %v, want after %v of failing lookups", took, joblist.GiveUp)
		}
	})
}

func TestLookupsGoOnInAPause(t *testing.T) {
	c := airtest.Config{Settings: airtest.Settings{DailyCap: 5}, Script: once(3, airtest.ResetAfter)}
	inBubble(t, 8, c, func(b *bubble) {
		begin := time.Now()
		if err := b.run(50, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 8})
		_, gets := b.arrivals()
		if len(gets) < 2 || gets[1].Sub(begin) > time.Hour { // the first is of the newest page; what met the cap is looked up after it
			b.t.Errorf("lists were asked for at %v, want the second, of the lookup, in the pause that began at %v", gets, begin)
		}
	})
}

// A refusal may be another request's, so the job may be there and not listed yet: what is sent again after one is looked
// up a settle window after the attempt, not at once.
func TestRefusedItemIsLookedUpAfterTheWindow(t *testing.T) {
	for name, f := range map[string]airtest.Fault{
		"a foreign 404": {Status: 404}, "a foreign 400": {Status: 400}, "a rate limit": {Status: 429},
		"the daily cap": {Status: 429, Code: "DAILY_CAP_EXCEEDED"}, "throttling": {Status: 400, Code: "RequestRateLimitExceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			f.Kind = airtest.StatusAfter
			posts := 0
			c := airtest.Config{Settings: airtest.Settings{ListLag: airtest.Duration(defaultSettle - time.Second)}, Script: func(r airtest.Request) airtest.Fault {
				if r.Method != "POST" {
					return airtest.Fault{}
				}
				if posts++; posts == 9 { // the last but one, so that no others pass the time
					return f
				}
				return airtest.Fault{}
			}}
			inBubble(t, 10, c, func(b *bubble) {
				if err := b.run(50, func(c *Config) { c.Workers = 1 }); err != nil {
					b.t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: 10})
				if got := b.air.Posts(); got != 10 {
					b.t.Errorf("%d POSTs, want 10", got)
				}
			})
		})
	}
}

// What a killed process left in doubt takes a reading of all jobs of that day: pages of it that fail now and then are asked
// for again, and the reading goes on.
func TestLongListWithFaultsIsReadToItsEnd(t *testing.T) {
	const items, pageCap = 300, 5
	for _, kind := range []airtest.Kind{airtest.Err500Before, airtest.Throttle503, airtest.HTML429, airtest.EmptyJSONBefore, airtest.CloseBefore} {
		t.Run(string(kind), func(t *testing.T) {
			faulty := false
			inBubble(t, items, airtest.Config{Settings: airtest.Settings{PageCap: pageCap}, Script: func(r airtest.Request) airtest.Fault {
				if faulty && r.Method == "GET" && r.N%7 == 0 {
					return airtest.Fault{Kind: kind}
				}
				return airtest.Fault{}
			}}, func(b *bubble) {
				wantStop(b.t, b.run(50, func(c *Config) { c.MaxItems = items - 1 }), stop.Limit)
				got, err := queuetest.On(b.db).Claim(b.t.Context(), queue.ClaimRequest{Batches: []string{batch}, Max: 1, Day: queue.DayOf(time.Now())})
				if err != nil || len(got) != 1 {
					b.t.Fatalf("claim: got %v, %v, want one item", got, err)
				}
				b.reopen() // as a kill leaves it: claimed, and perhaps sent
				b.want(queue.Counts{Submitted: items - 1, InDoubt: 1})
				faulty = true
				begin, before := time.Now(), b.air.Lists()
				if err := b.run(50, nil); err != nil {
					b.t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: items})
				if took, lists := time.Since(begin), b.air.Lists()-before; took > 5*time.Minute || lists > 2*items/pageCap {
					b.t.Errorf("took %v and %d lists, want one reading of %d pages or little more", took, lists, items/pageCap)
				}
			})
		})
	}
}

func TestReconcileSendsNothing(t *testing.T) {
	inBubble(t, 10, airtest.Config{}, func(b *bubble) {
		if _, err := queuetest.On(b.db).Claim(b.t.Context(), queue.ClaimRequest{Batches: []string{batch}, Max: 4}); err != nil {
			b.t.Fatal(err)
		}
		b.reopen()
		if err := b.run(0, func(c *Config) { c.LookupsOnly = true }); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Pending: 10})
		if got := b.air.Posts(); got != 0 {
			b.t.Errorf("POSTs: got %d, want none", got)
		}
	})
}

// An item in doubt that was withdrawn is cancelled once it has no job: it is not said to be sent again, and does not count
// as failed although it has no attempts left.
func TestWithdrawnItemInDoubtIsCancelled(t *testing.T) {
	for _, attempts := range []int{1, 5} {
		t.Run(fmt.Sprintf("of %d attempts", attempts), func(t *testing.T) {
			inBubble(t, 3, airtest.Config{}, func(b *bubble) {
				got, err := queuetest.On(b.db).Claim(b.t.Context(), queue.ClaimRequest{Batches: []string{batch}, Max: 1, Day: 1})
				if err != nil || len(got) != 1 {
					b.t.Fatalf("claim: got %v, %v", got, err)
				}
				_, err = queuetest.On(b.db).Finish(b.t.Context(), []queue.Result{{Batch: batch, Seq: got[0].Seq, To: queue.InDoubt, Attempted: true, Sent: true, At: time.Now()}})
				b.ok(err)
				w, err := queuetest.On(b.db).Withdraw(b.t.Context(), batch, queue.Filter{State: queue.InDoubt})
				if err != nil || w.InDoubt != 1 {
					b.t.Fatalf("withdraw: got %+v, %v, want one in doubt", w, err)
				}
				var log bytes.Buffer
				b.ok(b.run(10, func(c *Config) {
					c.MaxAttempts, c.MaxFailures, c.Log = attempts, failures.Limit{Count: 1}, zerolog.New(zerolog.SyncWriter(&log))
				}))
				b.want(queue.Counts{Submitted: 2, Cancelled: 1})
				if text := log.String(); !strings.Contains(text, "a withdrawn item has no job: it is cancelled") || strings.Contains(text, "sent again") {
					b.t.Errorf("the log does not say what became of the item:\n%s", text)
				}
			})
		})
	}
}
