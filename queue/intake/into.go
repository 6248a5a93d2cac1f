package intake

import (
	"context"
	"errors"
	"io"
	"time"

	"airlift/manifest/entry"
	"airlift/queue"
)

const (
	// gatherFor is how long rows are gathered for a chunk. The first chunk is stored at once.
	gatherFor = 50 * time.Millisecond
	// abandonAfter is how long to wait for a source that does not react to an interrupt: a named pipe being opened, a
	// disk that hangs.
	abandonAfter = 500 * time.Millisecond
)

// Into reads all sources into the batch. The reading is complete only if it ends cleanly, not after an error or the end
// of ctx.
func (r *Reading) Into(ctx context.Context, db queue.Store, batch string) error {
	if r.unread() {
		if r.replace {
			return r.replaceEarlier(ctx, db, batch) // which refuses
		}
		return nil
	}
	if err := r.begin(ctx, db, batch); err != nil {
		return err
	}
	unsure, err := r.transfer(ctx, db, batch)
	if unsure > 0 {
		r.log.Warn().Str("batch", batch).Int64("objects", unsure).Msg("--changed: objects whose earlier content is not known, or for which " +
			"this source tells neither size nor ETag, could not be compared: they count as known. What was found now is what the next run compares with")
	}
	complete := err == nil && r.End().Broken == nil
	r.whole = complete && r.scans == nil && r.Limit == 0
	last := context.WithoutCancel(ctx)
	err = errors.Join(err, r.forget(last, db, batch), db.EndReading(last, batch, complete))
	if err == nil && r.replace {
		err = r.replaceEarlier(ctx, db, batch)
	}
	return err
}

// transfer passes the rows from the sources to the store, and returns how many known objects could not be compared. The
// goroutine that reads ends too, unless the source blocks and cannot be interrupted: then it ends when the source
// returns.
func (r *Reading) transfer(ctx context.Context, db queue.Store, batch string) (unsure int64, err error) {
	reading, cancel := context.WithCancelCause(ctx)
	b, read := newRowBuffer(), make(chan struct{})
	r.pouring = true
	go func() {
		defer close(read)
		err := r.fill(reading, b)
		r.closeSource() // --limit ends before the source does
		b.end(err)
	}()
	unsure, err = r.drain(ctx, db, batch, b)
	cancel(err)
	r.interrupt()
	select {
	case <-read:
	case <-time.After(abandonAfter):
	}
	return unsure, err
}

// unread reports whether the sources failed before the reading began.
func (r *Reading) unread() bool {
	return r.End().Broken != nil && r.next == len(r.List) && r.current == nil && len(r.head) == 0
}

// fill reads all sources into the buffer.
func (r *Reading) fill(ctx context.Context, b *rowBuffer) error {
	next := r.selected(r.headFirst)
	if r.preflight != nil {
		var stop func()
		next, stop = r.preflight.over(ctx, next, r.interrupt)
		defer stop()
	}
	for ctx.Err() == nil {
		got, err := next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if broken := (*entry.BrokenError)(nil); errors.As(err, &broken) {
			r.brokeOff(r.hidden(err))
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.put(ctx, got); err != nil {
			return err
		}
		if r.preflight == nil { // preflight reads in its own goroutine, so the item may still be in use
			r.spare = got.item
		}
	}
	return context.Cause(ctx)
}

// drain stores what the buffer holds until it ends: the first rows at once, so that they can be sent, then in chunks.
func (r *Reading) drain(ctx context.Context, db queue.Store, batch string, b *rowBuffer) (unsure int64, err error) {
	for first := true; ; first = false {
		err := b.await(ctx, 1, nil)
		if rows := chunkRows; err == nil && (!first || r.Preview != nil) {
			if first {
				rows = PreviewItems // so that they are shown before one of them is sent
			}
			err = b.await(ctx, rows, time.After(gatherFor))
		}
		if err != nil {
			return unsure, err
		}
		chunk, rows, ended, readErr := b.take()
		if rows > 0 {
			added, err := r.store(context.WithoutCancel(ctx), db, batch, chunk)
			if err != nil {
				return unsure, err
			}
			unsure += int64(added.Unsure)
			b.reuse(chunk.Items)
		}
		if ended {
			return unsure, readErr
		}
	}
}

// store stores a chunk, without the objects that other batches have sent.
func (r *Reading) store(ctx context.Context, db queue.Store, batch string, chunk queue.Chunk) (queue.Added, error) {
	chunk.Changed = r.changed
	err := r.sent.leaveOut(ctx, &chunk)
	if err == nil && r.Preview != nil {
		err = r.Preview(ctx, chunk.Items)
	}
	if err != nil {
		return queue.Added{}, err
	}
	added, err := db.Add(ctx, batch, chunk)
	if err == nil && r.batchSize != nil {
		if b, err := db.Batch(ctx, batch); err == nil {
			r.batchSize(b.Counts.Items)
		}
	}
	return added, err
}
