package main

import (
	"context"
	"time"

	"airlift/queue"
)

// gather is how long rows are gathered for a chunk, after the first, which goes at once.
const gather = 50 * time.Millisecond

// drain stores what the buffer holds until it ends: the first rows at once, so that they can be sent, then in chunks. It
// returns how many known objects could not be compared.
func (r *reading) drain(ctx context.Context, db queue.Store, batch string, b *rowBuffer) (unsure int64, err error) {
	for first := true; ; first = false {
		if err := r.await(ctx, b, first); err != nil {
			return unsure, err
		}
		chunk, rows, ended, end := b.take()
		if rows > 0 {
			added, err := r.add(context.WithoutCancel(ctx), db, batch, chunk)
			if err != nil {
				return unsure, err
			}
			unsure += int64(added.Unsure)
			b.reuse(chunk.Items)
		}
		if ended {
			return unsure, end
		}
	}
}

// await waits until the buffer holds rows for a chunk, or has ended.
func (r *reading) await(ctx context.Context, b *rowBuffer, first bool) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-b.filled:
	}
	enough := b.full
	if first {
		enough = b.some // so that they are shown before one of them is sent
	}
	if first && r.first == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-enough:
	case <-time.After(gather):
	}
	return nil
}

// add stores a chunk.
func (r *reading) add(ctx context.Context, db queue.Store, batch string, chunk queue.Chunk) (queue.Added, error) {
	chunk.Changed = r.changed
	if err := r.since.sift(ctx, &chunk); err != nil {
		return queue.Added{}, err
	}
	r.first.see(ctx, db, batch, chunk.Items)
	added, err := db.Add(ctx, batch, chunk)
	if err != nil || r.grown == nil {
		return added, err
	}
	have, err := db.Batch(ctx, batch)
	if err == nil {
		r.grown(have.Counts.Items)
	}
	return added, err
}
