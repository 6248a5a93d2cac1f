package worker

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// A server that refuses each page without jobs, behind a full page too, or all pages from one on: what its list did not
// show is looked up by name, so an adoption and a verification end, and a run sends the rest.
func TestAListThatRefusesItsEnd(t *testing.T) {
	for _, c := range []struct{ status, jobs, from int }{
		{http.StatusNotFound, 200, 3}, {http.StatusBadRequest, 100, 2}, {http.StatusRequestedRangeNotSatisfiable, 200, 3},
		{http.StatusUnprocessableEntity, 100, 2}, {http.StatusNotFound, 350, 2}, {http.StatusNotFound, 0, 2},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			config := airtest.Config{Script: func(r airtest.Request) airtest.Fault {
				if r.Query.Get("name") == "" && pageOf(r) >= c.from {
					return airtest.Fault{Kind: airtest.StatusBefore, Status: c.status, Code: "NOT_FOUND", Message: "no page"}
				}
				return airtest.Fault{}
			}}
			inBubble(t, c.jobs+3, config, func(b *bubble) {
				b.plantApart(c.jobs)
				got := b.audit(true)
				got.want(b.t)
				if int(got.Adopted) != c.jobs {
					b.t.Errorf("adopted: got %+v, want %d", got.Tally, c.jobs)
				}
				b.ok(b.run(0, nil))
				b.want(queue.Counts{Submitted: int64(c.jobs) + 3})
				b.audit(false).want(b.t)
				b.audit(true).want(b.t)
				if posts := b.air.Posts(); posts != 3 {
					b.t.Errorf("POSTs: got %d, want 3", posts)
				}
			})
		})
	}
}

// A lookup whose list refuses the page behind the item's job has found it all the same; without the job it proves nothing.
func TestALookupWhoseNextPageIsRefused(t *testing.T) {
	var full []air.Job
	config := airtest.Config{
		Script: func(r airtest.Request) airtest.Fault {
			if r.Query.Get("pageNumber") == "2" {
				return airtest.Fault{Kind: airtest.StatusBefore, Status: http.StatusNotFound, Code: "NOT_FOUND", Message: "no page"}
			}
			return airtest.Fault{}
		},
		EditRecords: func(r airtest.Request, page []air.Job) []air.Job {
			if r.Query.Get("name") == "" || len(full) == 0 {
				return page
			}
			return append(page, full[:99]...) // a filter that matches in part
		},
	}
	inBubble(t, 2, config, func(b *bubble) {
		for i := range 99 {
			b.air.Plant(stranger("other", fmt.Sprint("other-", i), fmt.Sprint("other-", i)))
		}
		full = b.air.Jobs()
		id := b.plantFor(0)
		p := b.pool(0, nil)
		b.ok(p.prepare(b.t.Context()))
		got, err := p.lookups.lookup(b.t.Context(), queue.Claimed{Batch: batch, Item: queue.Item{Bucket: "archive", Key: "clip-00000.mov"}})
		if err != nil || got.JobID != id {
			b.t.Errorf("got %+v, %v, want job %s", got, err, id)
		}
		got, err = p.lookups.lookup(b.t.Context(), queue.Claimed{Batch: batch, Item: queue.Item{Bucket: "archive", Key: "clip-00001.mov"}})
		if err == nil || !strings.Contains(err.Error(), "only jobs of other batches") && !strings.Contains(err.Error(), "page 2") {
			b.t.Errorf("got %+v, %v, want an error", got, err)
		}
	})
}
