package main

import (
	"context"
	"sync"
	"time"

	"airlift/queue"
)

// gather is how long rows are gathered for a chunk, after the first, which goes at once.
const gather = 50 * time.Millisecond

// taken is a chunk on its way to the queue, prepared for it, and with the last one how the rows ended.
type taken struct {
	chunk queue.Chunk
	rows  int
	ended bool
	err   error
}

// drain stores what the buffer holds until it ends: the first rows at once, so that they can be sent, then in chunks, each
// of which is prepared while the one before is stored. It returns how many known objects could not be compared.
func (r *reading) drain(ctx context.Context, db store, batch string, b *rowBuffer) (unsure int64, err error) {
	chunks, over := make(chan taken), make(chan struct{})
	var taking sync.WaitGroup
	defer taking.Wait()
	defer close(over)
	taking.Go(func() {
		for first, more := true, true; more; first = false {
			next := r.take(ctx, db, batch, b, first)
			select {
			case chunks <- next:
				more = !next.ended
			case <-over:
				more = false
			}
		}
	})
	for {
		next := <-chunks
		if next.rows > 0 {
			added, err := db.Add(context.WithoutCancel(ctx), batch, next.chunk)
			if err != nil {
				return unsure, err
			}
			unsure += int64(added.Unsure)
			b.reuse(next.chunk.Items)
			if have, err := db.Batch(ctx, batch); err == nil && r.grown != nil {
				r.grown(have.Counts.Items)
			}
		}
		if next.ended {
			return unsure, next.err
		}
	}
}

// take waits for rows and prepares them.
func (r *reading) take(ctx context.Context, db store, batch string, b *rowBuffer, first bool) taken {
	select {
	case <-ctx.Done():
		return taken{ended: true, err: context.Cause(ctx)}
	case <-b.filled:
	}
	switch {
	case first && r.first != nil: // so that they are shown before one of them is sent
		select {
		case <-ctx.Done():
			return taken{ended: true, err: context.Cause(ctx)}
		case <-b.some:
		case <-time.After(gather):
		}
	case !first:
		select {
		case <-ctx.Done():
			return taken{ended: true, err: context.Cause(ctx)}
		case <-b.full:
		case <-time.After(gather):
		}
	}
	var t taken
	t.chunk, t.rows, t.ended, t.err = b.take()
	if t.rows == 0 {
		return t
	}
	t.chunk.Changed = r.changed
	err := r.since.sift(context.WithoutCancel(ctx), &t.chunk)
	if err == nil {
		r.first.see(ctx, db, batch, t.chunk.Items)
		err = db.Prepare(context.WithoutCancel(ctx), batch, &t.chunk)
	}
	if err != nil {
		return taken{ended: true, err: err}
	}
	return t
}
