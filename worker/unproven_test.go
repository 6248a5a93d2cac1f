package worker

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// hideFromLists makes a list that never shows the jobs of some objects, but by name. While restless it shows others twice
// in their place, as a list whose order turns.
func hideFromLists(restless *atomic.Bool, keys ...string) airtest.Config {
	hidden := map[string]bool{}
	for _, k := range keys {
		hidden[k] = true
	}
	return airtest.Config{EditRecords: func(r airtest.Request, page []air.Job) []air.Job {
		if !restless.Load() || r.Query.Get("name") != "" {
			return page
		}
		var shown []air.Job
		for _, j := range page {
			if !hidden[j.Source.ObjectKey] {
				shown = append(shown, j)
			}
		}
		if len(shown) > 0 {
			shown = append(shown, shown[0])
		}
		return shown
	}}
}

// lookupsOf counts the lists by name from now on.
func lookupsOf(c *airtest.Config) *atomic.Int64 {
	var n atomic.Int64
	c.OnRequest = func(r airtest.Request) {
		if isLookup(r) {
			n.Add(1)
		}
	}
	return &n
}

// Jobs of objects that no source shows at the adoption, and that its list does not show either: when the objects are in a
// source again, they get no second job, until an adoption reads a list at rest.
func TestWhatAnUnprovenAdoptionMissedIsNotSent(t *testing.T) {
	for _, rate := range []float64{0, 10} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			var restless atomic.Bool
			c := hideFromLists(&restless, "clip-00007.mov", "clip-00009.mov")
			lookups := lookupsOf(&c)
			inBubble(t, 5, c, func(b *bubble) {
				restless.Store(true)
				b.plantApart(10)
				got := b.audit(true)
				if got.err != nil || !got.Unproven || got.Found() != 0 || got.Adopted != 8 || got.Unsourced != 3 {
					b.t.Fatalf("got %+v, %v, want 8 adopted, 3 of them unsourced, without proof", got.Tally, got.err)
				}
				b.reopen()
				lookups.Store(0)
				b.add(5, 13)
				b.ok(b.run(rate, nil))
				b.want(queue.Counts{Submitted: 13})
				if posts, n := b.air.Posts(), lookups.Load(); posts != 3 || n != 5 {
					b.t.Errorf("got %d POSTs and %d lookups, want 3 and 5", posts, n)
				}
				verified := b.audit(false)
				verified.want(b.t)
				restless.Store(false)
				got = b.audit(true)
				if got.want(b.t); got.Unproven {
					b.t.Errorf("got %+v, want proof", got.Tally)
				}
				lookups.Store(0)
				b.add(13, 20)
				b.ok(b.run(rate, nil))
				b.want(queue.Counts{Submitted: 20})
				if posts, n := b.air.Posts(), lookups.Load(); posts != 10 || n != 0 {
					b.t.Errorf("after proof: got %d POSTs and %d lookups, want 10 and none", posts, n)
				}
			})
		})
	}
}

// A list that refuses what lies behind its first page; a lookup that fails keeps the item from being sent, until it does not.
func TestWhatARefusedListMayHoldIsLookedUp(t *testing.T) {
	var failures atomic.Int64
	c := airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		switch {
		case isLookup(r) && failures.Add(-1) >= 0:
			return airtest.Fault{Kind: airtest.Err500Before}
		case pageOf(r) > 1:
			return airtest.Fault{Kind: airtest.StatusBefore, Status: http.StatusBadRequest, Code: "X"}
		}
		return airtest.Fault{}
	}}
	inBubble(t, 20, c, func(b *bubble) {
		b.plantApart(250) // no reading shows 100 to 149
		got := b.audit(true)
		if got.err != nil || !got.Unproven || got.Unsourced != 180 {
			b.t.Fatalf("got %+v, %v, want all shown adopted, without proof", got.Tally, got.err)
		}
		failures.Store(3)
		b.add(20, 252)
		b.ok(b.run(0, nil))
		b.want(queue.Counts{Submitted: 252})
		if posts := b.air.Posts(); posts != 2 {
			b.t.Errorf("POSTs: got %d, want 2", posts)
		}
	})
}

// Two jobs of an object that no reading shows are found as it would be sent.
func TestTwoJobsThatAnUnprovenAdoptionMissed(t *testing.T) {
	var restless atomic.Bool
	inBubble(t, 1, hideFromLists(&restless, "clip-00001.mov"), func(b *bubble) {
		restless.Store(true)
		b.twins = 1
		b.plantApart(2)
		b.plantFor(1)
		if got := b.audit(true); got.err != nil || !got.Unproven {
			b.t.Fatalf("got %+v, %v", got.Tally, got.err)
		}
		b.add(1, 3)
		b.ok(b.run(0, nil))
		b.want(queue.Counts{Submitted: 2, InDoubt: 1})
	})
}
