package media

import (
	"context"
	"fmt"
	"sync"
	"time"

	"airlift/queue"
	"airlift/queue/playtime"
	"airlift/worker/stop"
)

// Book counts the media sent of some batches. A Book without a budget does nothing. It is safe for concurrent use.
type Book struct {
	// Budget is the most media, over all batches and runs; 0: no limit.
	Budget time.Duration

	loading sync.Mutex // held while a batch is read
	mu      sync.Mutex
	// The fields below are guarded by mu. Times are in milliseconds: the hours of large archives overflow a time.Duration.
	loaded  map[string]bool
	used    int64
	unknown int64
	open    map[item]int64 // what may still turn out not to be accepted; 0 if its time is not known
	next    int64          // that of the first item that exceeded the budget; 0: none did
}

// item names an item.
type item struct {
	batch string
	seq   uint64
}

// Load counts what was sent of a batch, once. Call it before items of the batch are claimed.
func (b *Book) Load(ctx context.Context, r queue.Reader, id string) error {
	if b.Budget <= 0 {
		return nil
	}
	b.loading.Lock()
	defer b.loading.Unlock()
	if b.isLoaded(id) {
		return nil
	}
	batch, err := r.Batch(ctx, id)
	if err != nil {
		return err
	}
	used, unknown := int64(0), int64(0)
	open := map[item]int64{}
	see := func(e *queue.Entry) error {
		at, ms := item{id, e.Seq}, playtime.Of(&e.Item).Milliseconds()
		_, seen := open[at]
		switch {
		case e.State != queue.Submitted:
			open[at] = ms
		case seen: // its job was found meanwhile
			delete(open, at)
		}
		if !seen {
			count(&used, &unknown, ms, 1)
		}
		return nil
	}
	states := []queue.State{queue.InDoubt, queue.Submitted} // nothing is being sent
	if !playtime.Known(batch.Columns) {
		states, unknown = states[:1], batch.Counts.Submitted
	}
	for _, state := range states {
		if err := queue.Entries(ctx, r, id, queue.Filter{State: state}, see); err != nil {
			return fmt.Errorf("count the media that was sent of batch %q: %w", id, err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loaded == nil {
		b.loaded, b.open = map[string]bool{}, map[item]int64{}
	}
	b.loaded[id] = true
	b.used, b.unknown = b.used+used, b.unknown+unknown
	for at, ms := range open {
		b.open[at] = ms
	}
	return nil
}

func (b *Book) isLoaded(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loaded[id]
}

// count adds n items of a playing time.
func count(used, unknown *int64, ms, n int64) {
	if *used += n * ms; ms == 0 {
		*unknown += n
	}
}

// Claimed counts items that were claimed, in order, as far as the budget allows.
func (b *Book) Claimed(got []queue.Claimed) {
	if b.Budget <= 0 || len(got) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range got {
		ms := playtime.Of(&got[i].Item).Milliseconds()
		if ms > 0 && (b.next > 0 || b.used+ms > b.Budget.Milliseconds()) {
			if b.next == 0 {
				b.next = ms
			}
			continue
		}
		b.open[item{got[i].Batch, got[i].Seq}] = ms
		count(&b.used, &b.unknown, ms, 1)
	}
}

// Allows reports whether an item that was claimed may be sent.
func (b *Book) Allows(c *queue.Claimed) bool {
	if b.Budget <= 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, counted := b.open[item{c.Batch, c.Seq}]
	return counted
}

// Stored takes results that are durable, and gives back what AiR did not accept.
func (b *Book) Stored(results []queue.Result) {
	if b.Budget <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range results {
		r := &results[i]
		at := item{r.Batch, r.Seq}
		ms, counted := b.open[at]
		if !counted || r.To == queue.InDoubt {
			continue
		}
		delete(b.open, at)
		if r.To != queue.Submitted {
			count(&b.used, &b.unknown, ms, -1)
			if ms > 0 {
				b.next = 0
			}
		}
	}
}

// Reached reports whether an item has exceeded the budget, and nothing was given back since: nothing more is to be claimed.
func (b *Book) Reached() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next > 0
}

// Stop returns the end of a run at its budget.
func (b *Book) Stop() *stop.Error {
	b.mu.Lock()
	next := b.next
	b.mu.Unlock()
	return stop.Errorf(stop.Limit, "--budget %s reached: %s; the next item plays %s. To go on, run again with a higher --budget", hours(b.Budget.Milliseconds()), b.Text(), hours(next))
}

// Text says what is counted.
func (b *Book) Text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := fmt.Sprintf("%s of media were sent so far", hours(b.used))
	if b.unknown > 0 {
		text += fmt.Sprintf(", and %d items whose duration is not known, which do not count", b.unknown)
	}
	return text
}

// hours writes milliseconds, such as 1250h30m or 12.5s.
func hours(ms int64) string {
	if ms < time.Hour.Milliseconds() {
		return (time.Duration(ms) * time.Millisecond).String()
	}
	text := fmt.Sprintf("%dh", ms/time.Hour.Milliseconds())
	if rest := time.Duration(ms%time.Hour.Milliseconds()) * time.Millisecond; rest > 0 {
		text += rest.String()
	}
	return text
}
