package worker

import (
	"strings"
	"testing"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

// oddIDs gives the listed jobs of some objects another id.
func oddIDs(ids map[string]string) airtest.Config {
	return airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
		for i := range page {
			if id, ok := ids[page[i].Source.ObjectKey]; ok {
				page[i].ID = id
			}
		}
		return page
	}}
}

// A lost queue, and a list of which some jobs, or all, cannot be read: nothing is sent, and the adoption takes in the
// others and tells of these.
func TestALostQueueAndJobsThatCannotBeRead(t *testing.T) {
	for name, ids := range map[string]map[string]string{
		"one of three": {"clip-00001.mov": "x y\x1b[1m"},
		"no id":        {"clip-00002.mov": ""},
		"all":          {"clip-00000.mov": "a b", "clip-00001.mov": "", "clip-00002.mov": strings.Repeat("x", 300)},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 3, oddIDs(ids), func(b *bubble) {
				b.plantApart(3)
				err := b.run(0, func(c *Config) { c.AdoptCommand = func(id string) string { return "airlift adopt " + id + " here" } })
				wantStop(b.t, err, stop.Setup)
				for _, want := range []string{"airlift adopt b here", "--trust-queue", "nothing was sent"} {
					if !strings.Contains(err.Error(), want) {
						b.t.Errorf("it lacks %q: %v", want, err)
					}
				}
				for range 2 {
					got := b.audit(true)
					if got.err != nil || !got.Complete || int(got.Unreadable) != len(ids) || int(got.Found()) != len(ids) || int(got.Agreed) != 3-len(ids) {
						b.t.Errorf("got %+v, %v, want %d jobs that cannot be read", got.Tally, got.err, len(ids))
					}
					for _, f := range got.findings {
						if _, odd := ids[f.Key]; !odd || f.Kind != joblist.Unreadable || f.Problem == "" {
							b.t.Errorf("got %+v", f)
						}
					}
				}
				b.want(queue.Counts{Submitted: int64(3 - len(ids)), Pending: int64(len(ids))})
				wantStop(b.t, b.run(0, nil), stop.Setup) // the adoption has not ended
				if posts := b.air.Posts(); posts != 0 {
					b.t.Errorf("POSTs: got %d, want none", posts)
				}
			})
		})
	}
}

// A queue that knows its jobs goes on although the list has one that cannot be read: its own, or somebody else's.
func TestAJobThatCannotBeReadAmongKnownOnes(t *testing.T) {
	ids := map[string]string{"by hand": "x y"}
	inBubble(t, 3, oddIDs(ids), func(b *bubble) {
		b.ok(b.run(0, nil))
		b.air.Plant(stranger(batch, "by hand", "by hand"))
		b.add(3, 5)
		b.ok(b.run(0, nil))
		for _, own := range []string{"clip-00000.mov", "clip-00001.mov", "clip-00002.mov", "clip-00003.mov", "clip-00004.mov"} {
			ids[own] = "" // a list without ids
		}
		b.add(5, 7)
		b.ok(b.run(0, nil))
		b.want(queue.Counts{Submitted: 7})
	})
}

// A lookup finds its job on a page with one that cannot be read, but what is missing there may be that one.
func TestALookupThatMeetsAJobThatCannotBeRead(t *testing.T) {
	ids := map[string]string{"by hand": "x y"}
	c := oddIDs(ids)
	c.EditQuery = dropBatch
	c.NameMatch = airtest.NamePartial
	inBubble(t, 2, c, func(b *bubble) {
		b.twins = 1
		id := b.plantFor(0)
		for _, i := range []int{0, 1} {
			it := queue.Item{Bucket: "archive", Key: []string{"clip-00000.mov", "clip-00001.mov"}[i]}
			b.air.Plant(stranger(batch, queue.JobName(batch, it)+" 2", "by hand"))
		}
		p := b.pool(0, nil)
		b.ok(p.prepare(b.t.Context()))
		got, err := p.lookups.lookup(b.t.Context(), queue.Claimed{Batch: batch, Item: queue.Item{Bucket: "archive", Key: "clip-00000.mov"}, Record: queue.Record{Sent: true}})
		if err != nil || got.JobID != id {
			b.t.Errorf("got %+v, %v, want job %s", got, err, id)
		}
		got, err = p.lookups.lookup(b.t.Context(), queue.Claimed{Batch: batch, Item: queue.Item{Seq: 1, Bucket: "archive", Key: "clip-00001.mov"}, Record: queue.Record{Sent: true}})
		if err == nil || !strings.Contains(err.Error(), "cannot be read") {
			b.t.Errorf("got %+v, %v, want an error", got, err)
		}
	})
}
