package intake

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"airlift/queue"
	"airlift/queue/memory"
)

// However a reading comes in chunks, its dry run counts the rows as the reading does.
func TestADryRunCountsChunksAsAReadingDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		chunk := rapid.Custom(func(t *rapid.T) queue.Chunk {
			var c queue.Chunk
			for range rapid.IntRange(0, 6).Draw(t, "rows") {
				c.Items = append(c.Items, queue.Item{Bucket: "src", Key: fmt.Sprint("k", rapid.IntRange(0, 7).Draw(t, "key")),
					Content: queue.Content(rapid.IntRange(0, 2).Draw(t, "content")), Own: queue.JobFields{Priority: rapid.IntRange(0, 6).Draw(t, "priority") / 6}})
			}
			return c
		})
		had, chunks := chunk.Draw(t, "had"), rapid.SliceOfN(chunk, 1, 4).Draw(t, "chunks")
		changed := rapid.Bool().Draw(t, "changed")
		sent := rapid.IntRange(0, 5).Draw(t, "sent")
		var queues [2]*memory.Queue
		for i := range queues {
			q := memory.New()
			queues[i] = q
			must(t, q.CreateBatch(ctx, queue.Batch{ID: "b"}))
			_, err := q.Add(ctx, "b", had)
			must(t, err)
			_, _, err = q.Exchange(ctx, nil, queue.ClaimRequest{Batches: []string{"b"}, Max: sent})
			must(t, err)
			must(t, q.BeginReading(ctx, "b", false))
		}
		dry := &trial{Store: memory.New(), real: queues[0]}
		must(t, dry.CreateBatch(ctx, queue.Batch{ID: "b"}))
		for _, c := range chunks {
			c.Changed = changed
			for _, to := range []queue.Intake{dry, queues[1]} {
				_, err := to.Add(ctx, "b", c)
				must(t, err)
			}
		}
		planned, err := dry.Batch(ctx, "b")
		must(t, err)
		planned.Reading.AddRows(&dry.others)
		done, err := queues[1].Batch(ctx, "b")
		must(t, err)
		done.Reading.Number, done.Reading.Started = planned.Reading.Number, planned.Reading.Started
		if got, want := fmt.Sprintf("%+v", planned.Reading), fmt.Sprintf("%+v", done.Reading); got != want {
			t.Fatalf("planned %s\ndone    %s", got, want)
		}
	})
}

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
