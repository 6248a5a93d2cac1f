package worker

import (
	"context"
	"time"

	"airlift/queue"
)

// outcome is what came of a claim, on its way to the queue.
type outcome struct {
	queue.Result
	claimed queue.Claimed
	ended   time.Time // when the attempt ended, with a monotonic reading
}

// gatherFor is how long results are gathered for a commit at rates at which items are claimed ahead: what the claims
// made ahead cover.
const gatherFor = 2 * time.Millisecond

// finishResults stores what came of the claims, as many at once as have come in. It goes on until the channel is
// closed: an answer once received is always recorded, whatever ended the run.
func (p *Pool) finishResults() {
	ctx := context.Background()
	for first := range p.results {
		p.store(ctx, p.gather(first))
	}
}

// gather returns what has come in. Where items are claimed ahead, nobody waits for these results: a few more of them are
// worth a moment, for each commit costs two syncs of the disk.
func (p *Pool) gather(first outcome) []outcome {
	batch := []outcome{first}
	var over <-chan time.Time
	if p.looksAhead() {
		timer := time.NewTimer(gatherFor)
		defer timer.Stop()
		over = timer.C
	}
	for {
		select {
		case o, ok := <-p.results:
			if !ok {
				return batch
			}
			batch = append(batch, o)
			continue
		default:
		}
		if over == nil || len(batch) >= p.Workers {
			return batch
		}
		select {
		case o, ok := <-p.results:
			if !ok {
				return batch
			}
			batch = append(batch, o)
		case <-over:
			over = nil
		}
	}
}

// store makes a few results durable, and only then hands what is in doubt to the lookups and lets others be claimed.
func (p *Pool) store(ctx context.Context, batch []outcome) {
	results := make([]queue.Result, len(batch))
	refunded := 0
	for i, o := range batch {
		results[i] = o.Result
		if o.Refund {
			refunded++
		}
	}
	if err := p.Store.Finish(ctx, results); err != nil {
		p.fail("store results in the queue; nothing more is sent, and what is unknown is looked up by the next run", err)
		return
	}
	for _, o := range batch {
		if o.To == queue.InDoubt && o.Code != CodeTwoJobs && o.Code != CodeNameTaken {
			c := o.claimed
			c.Record, _ = queue.Apply(c.Record, o.Result) // lawful, for it was stored
			p.doubts.expect(c, o.ended.Add(p.Settle))
		}
	}
	p.finished(len(batch), refunded)
	p.endIfDone(ctx)
}
