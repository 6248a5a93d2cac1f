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

// finishResults stores what came of the claims, as many at once as have come in. It goes on until the channel is
// closed: an answer once received is always recorded, whatever ended the run.
func (p *Pool) finishResults() {
	ctx := context.Background()
	for first := range p.results {
		batch := []outcome{first}
		for more := true; more; {
			select {
			case o, ok := <-p.results:
				if more = ok; ok {
					batch = append(batch, o)
				}
			default:
				more = false
			}
		}
		p.store(ctx, batch)
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
