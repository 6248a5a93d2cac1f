package intake

import (
	"context"
	"sync"
	"time"

	"airlift/queue"
)

// chunkRows bounds a chunk: large enough to amortize a commit, small enough for memory and for claims not to wait long.
const chunkRows = 16 << 10

// PreviewItems is how many rows a reading waits for briefly before it stores the first: see [Reading.Preview].
const PreviewItems = 3

// rowBuffer passes rows from the goroutine that reads to the one that stores.
type rowBuffer struct {
	changed chan struct{} // signaled at 1, PreviewItems and chunkRows rows, and at the end
	space   chan struct{} // rows were taken
	mu      sync.Mutex
	// The fields below are guarded by mu.
	chunk queue.Chunk  // rows that take returns
	rows  int          // rows in chunk
	page  queue.Chunk  // rows of a page that is not complete
	open  int          // rows in page
	free  []queue.Item // memory of a chunk that was stored
	ended bool
	err   error
}

func newRowBuffer() *rowBuffer {
	return &rowBuffer{changed: make(chan struct{}, 1), space: make(chan struct{}, 1)}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// await waits until there are rows rows (1, PreviewItems or chunkRows), the end is reached, or until fires.
func (b *rowBuffer) await(ctx context.Context, rows int, until <-chan time.Time) error {
	for {
		b.mu.Lock()
		enough := b.rows >= rows || b.ended
		b.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-until:
			return nil
		case <-b.changed:
		}
	}
}

// put adds a row, and waits while the buffer is full. It copies the item, but not what the item points to.
func (b *rowBuffer) put(ctx context.Context, r row) error {
	for {
		b.mu.Lock()
		if b.rows < chunkRows {
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
	if r.item != nil && b.open == 0 && !r.part && r.marks == nil {
		b.add(1)
		b.chunk.Items = append(b.chunk.Items, *r.item)
		return nil
	}
	switch {
	case r.item != nil:
		b.page.Items = append(b.page.Items, *r.item)
	case r.rejected != nil:
		b.page.Rejected = append(b.page.Rejected, *r.rejected)
	default:
		if b.page.Skipped == nil {
			b.page.Skipped = map[string]int64{}
		}
		b.page.Skipped[r.skipped] += max(1, r.times)
	}
	b.open++
	if r.part {
		return nil
	}
	b.page.Marks = r.marks
	b.endPage()
	return nil
}

// endPage adds the page to what may be taken.
func (b *rowBuffer) endPage() {
	b.add(b.open)
	b.chunk.Items = append(b.chunk.Items, b.page.Items...)
	b.chunk.Rejected = append(b.chunk.Rejected, b.page.Rejected...)
	for why, n := range b.page.Skipped {
		if b.chunk.Skipped == nil {
			b.chunk.Skipped = map[string]int64{}
		}
		b.chunk.Skipped[why] += n
	}
	b.chunk.Marks = append(b.chunk.Marks, b.page.Marks...)
	clear(b.page.Items) // drop pointers; the chunk has copies
	clear(b.page.Rejected)
	clear(b.page.Skipped)
	b.page = queue.Chunk{Items: b.page.Items[:0], Rejected: b.page.Rejected[:0], Skipped: b.page.Skipped}
	b.open = 0
}

// add counts rows of the chunk.
func (b *rowBuffer) add(n int) {
	before := b.rows
	b.rows += n
	for _, enough := range [...]int{1, PreviewItems, chunkRows} {
		if before < enough && b.rows >= enough {
			signal(b.changed)
		}
	}
}

// end marks the end of the rows; err is nil if it is clean.
func (b *rowBuffer) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.endPage()
	}
	b.ended, b.err = true, err
	signal(b.changed)
}

// take returns the buffered rows, and whether the input has ended, with its error.
func (b *rowBuffer) take() (chunk queue.Chunk, rows int, ended bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	chunk, rows = b.chunk, b.rows
	b.chunk, b.rows = queue.Chunk{}, 0
	if b.chunk.Items, b.free = b.free, nil; b.chunk.Items == nil && len(chunk.Items) >= chunkRows/2 && !b.ended {
		// The next will probably be as large.
		b.chunk.Items = make([]queue.Item, 0, len(chunk.Items)+len(chunk.Items)/16)
	}
	signal(b.space)
	return chunk, rows, b.ended, b.err
}

// reuse takes back the memory of a chunk that was stored.
func (b *rowBuffer) reuse(items []queue.Item) {
	clear(items[:cap(items)]) // drop pointers
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = items[:0]
}
