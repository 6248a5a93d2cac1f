package main

import (
	"context"
	"sync"

	"airlift/queue"
)

// rowBuffer passes rows from the one who reads to the one who stores.
type rowBuffer struct {
	filled chan struct{} // there are rows, or the end
	full   chan struct{} // there are as many as a chunk may have
	space  chan struct{} // rows were taken
	mu     sync.Mutex
	// The fields below are guarded by mu.
	chunk queue.Chunk
	rows  int
	ended bool
	err   error
}

func newRowBuffer() *rowBuffer {
	return &rowBuffer{filled: make(chan struct{}, 1), full: make(chan struct{}, 1), space: make(chan struct{}, 1)}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// put adds a row, and waits when there are too many.
func (b *rowBuffer) put(ctx context.Context, r row) error {
	for {
		b.mu.Lock()
		if b.rows < mostRows {
			break
		}
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-b.space:
		}
	}
	defer b.mu.Unlock()
	switch {
	case r.item != nil:
		b.chunk.Items = append(b.chunk.Items, *r.item)
	case r.rejected != nil:
		b.chunk.Rejected = append(b.chunk.Rejected, *r.rejected)
	default:
		if b.chunk.Skipped == nil {
			b.chunk.Skipped = map[string]int64{}
		}
		b.chunk.Skipped[r.skipped] += max(1, r.times)
	}
	if b.rows++; b.rows == 1 {
		poke(b.filled)
	}
	if b.rows == mostRows {
		poke(b.full)
	}
	return nil
}

// end says that no row follows, and why if it was no clean end.
func (b *rowBuffer) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.err = true, err
	poke(b.filled)
	poke(b.full)
}

// take returns what has come in, and whether and how it ended.
func (b *rowBuffer) take() (chunk queue.Chunk, rows int, ended bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	chunk, rows = b.chunk, b.rows
	b.chunk, b.rows = queue.Chunk{}, 0
	poke(b.space)
	return chunk, rows, b.ended, b.err
}
