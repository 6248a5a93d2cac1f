package quota

import (
	"context"
	"sync/atomic"
	"time"

	"airlift/queue"
	"airlift/queue/learned"
	"airlift/ratelimit/caps"
)

// store is what a tracker needs of the queue.
type store interface {
	queue.Reader
	Observe(ctx context.Context, account string, o queue.Observation) error
}

// Tracker observes the limits of one account. Make one with [New]. All instants that it is given are by AiR's clock. It is safe for concurrent use.
type Tracker struct {
	store   store
	account string
	// capped has when the cap was met, until others' jobs are counted.
	capped chan time.Time
	// quarter is the latest quarter of an hour that was noted, since 1970; 0: none.
	quarter atomic.Int64
	// accepted is when a job was last accepted in this run, in Unix nanoseconds; 0: none was.
	accepted atomic.Int64
}

// New returns the tracker of an account.
func New(s store, account string) *Tracker {
	return &Tracker{store: s, account: account, capped: make(chan time.Time, 1)}
}

// Claiming notes that jobs are claimed now, so that they can be counted between two resets.
func (t *Tracker) Claiming(now time.Time) error {
	q := now.Unix() / (15 * 60)
	if t.quarter.Swap(q) == q {
		return nil
	}
	return t.observe(queue.Observation{Kind: queue.SeenQuarter, At: now})
}

// Accepted notes that AiR accepted a job.
func (t *Tracker) Accepted(now time.Time) { t.accepted.Store(now.UnixNano()) }

// Capped stores that AiR refused a job for the daily cap after it had accepted others.
func (t *Tracker) Capped(sent time.Time) error {
	select {
	case t.capped <- sent:
	default: // the count before is not over
	}
	return t.observe(queue.Observation{Kind: queue.SeenCap, At: sent})
}

// Quota stores that AiR refused a job for the monthly quota.
func (t *Tracker) Quota(sent time.Time) error {
	return t.observe(queue.Observation{Kind: queue.SeenQuota, At: sent})
}

// Resumed stores that AiR accepts jobs again, after so many refusals in a row, the last at refused.
func (t *Tracker) Resumed(now, refused time.Time, refusals int) error {
	return t.observe(queue.Observation{Kind: queue.SeenReset, At: now, From: refused, Jobs: int64(refusals)})
}

func (t *Tracker) observe(o queue.Observation) error {
	return t.store.Observe(context.Background(), t.account, o)
}

// Learned returns what is known of the account's limits.
func (t *Tracker) Learned(ctx context.Context, now time.Time) (caps.Learned, error) {
	return learned.Read(ctx, t.store, t.account, now)
}

// Refusal describes a refusal of a request sent at sent, the n-th in a row.
func (t *Tracker) Refusal(l caps.Learned, sent time.Time, n int) caps.Refusal {
	r := caps.Refusal{At: sent, InARow: n, Accepted: l.LastAccepted}
	if at := t.accepted.Load(); at != 0 && time.Unix(0, at).After(r.Accepted) {
		r.Accepted = time.Unix(0, at).UTC()
	}
	return r
}
