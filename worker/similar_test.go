package worker

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// A list that writes a source in another way shows the item's job all the same: it gets no second one.
func TestSourceWrittenInAnotherWayIsTheItems(t *testing.T) {
	for name, change := range map[string]func(*air.Source){
		"composed":        func(s *air.Source) { s.ObjectKey = norm.NFC.String(s.ObjectKey) },
		"a leading slash": func(s *air.Source) { s.ObjectKey = "/" + s.ObjectKey },
		"no bucket":       func(s *air.Source) { s.Bucket = "" },
	} {
		t.Run(name, func(t *testing.T) {
			c := onPost(airtest.ResetAfter, func(n int64) bool { return n == 3 })
			c.EditRecords = func(_ airtest.Request, jobs []air.Job) []air.Job {
				for i := range jobs {
					change(&jobs[i].Source)
				}
				return jobs
			}
			inBubble(t, 0, c, func(b *bubble) {
				var chunk queue.Chunk
				for i := range 5 {
					chunk.Items = append(chunk.Items, queue.Item{Line: int64(i + 2), Bucket: "archive", Key: fmt.Sprintf("re\u0301els/%d.mov", i), Name: fmt.Sprintf("clip %d", i)})
				}
				if _, err := b.db.Add(b.t.Context(), batch, chunk); err != nil {
					b.t.Fatal(err)
				}
				if err := b.run(10, func(c *Config) { c.Workers = 1 }); err != nil {
					b.t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: 5})
				if got := b.air.Posts(); got != 5 {
					b.t.Errorf("%d POSTs, want 5", got)
				}
			})
		})
	}
}

// A list by name that goes on for ever is given up, and proves nothing.
func TestEndlessListByNameIsGivenUp(t *testing.T) {
	c := onPost(airtest.ResetBefore, func(n int64) bool { return n == 3 })
	most := 0
	c.EditRecords = func(r airtest.Request, jobs []air.Job) []air.Job {
		if !isLookup(r) {
			return jobs
		}
		page, _ := strconv.Atoi(r.Query.Get("pageNumber"))
		most = max(most, page)
		if page > 1000 {
			return nil
		}
		return []air.Job{{ID: r.Query.Get("pageNumber"), Name: "other", Batch: batch, Source: air.Source{Bucket: "archive", ObjectKey: "other"}}}
	}
	inBubble(t, 5, c, func(b *bubble) {
		b.runFor(time.Minute, 0, func(c *Config) { c.Workers = 1 })
		b.want(queue.Counts{Submitted: 4, InDoubt: 1})
		if most != 1000 {
			b.t.Errorf("%d pages were read, want 1,000", most)
		}
	})
}
