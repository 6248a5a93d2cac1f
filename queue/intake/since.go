package intake

import (
	"context"
	"errors"

	"airlift/manifest/entry"
	"airlift/queue"
)

// adoptOthersFirst says what to do about a missing batch.
const adoptOthersFirst = "only what a batch of this queue has submitted can be left out. If the queue was lost, rebuild that batch first, with `airlift adopt`"

// since checks that the batches of [Options.Since] exist.
func (t *Intake) since(ctx context.Context) error {
	for _, id := range t.Since {
		if id == t.Batch {
			return entry.Usagef("--since-batch %q: this is the batch itself, whose objects are known anyway: name another", id)
		}
		if t.Store == nil {
			return entry.Usagef("--since-batch %q: there is no queue at %s; %s", id, t.Place, adoptOthersFirst)
		}
		b, err := t.Store.Batch(ctx, id)
		if errors.Is(err, queue.ErrBatchNotFound) {
			return entry.Usagef("--since-batch %q: %s\n%v", id, adoptOthersFirst, t.NoBatch(ctx, id))
		}
		if err != nil {
			return err
		}
		if n := b.Counts.Left(); n > 0 {
			t.Log.Warn().Str("batch", id).Int64("items", n).Msg("--since-batch: this batch is not finished: what it has not sent yet is not left out")
		}
	}
	return nil
}

// sentBefore leaves out what other batches have sent.
type sentBefore struct {
	db      queue.Store
	batches []string
	// changed leaves out an object only if the other batch may have sent its present contents.
	changed bool
}

// leaveOut counts the items of a chunk that other batches have sent as skipped, and rejects those for which that is
// uncertain.
func (s sentBefore) leaveOut(ctx context.Context, chunk *queue.Chunk) error {
	for _, id := range s.batches {
		sent, alike, err := s.db.Sent(ctx, id, chunk.Items, s.changed)
		if err != nil {
			return err
		}
		kept := chunk.Items[:0:0]
		skipped := 0
		for i := range chunk.Items {
			switch it := &chunk.Items[i]; {
			case sent[i]:
				skipped++
			case alike[i] != "":
				chunk.Rejected = append(chunk.Rejected, queue.Rejected{Line: it.Line, Bucket: it.Bucket, Key: it.Key, Extra: it.Extra, Reason: alike[i]})
			default:
				kept = append(kept, *it)
			}
		}
		if skipped > 0 {
			if chunk.Skipped == nil {
				chunk.Skipped = map[string]int64{}
			}
			chunk.Skipped["in batch "+id] += int64(skipped)
		}
		chunk.Items = kept
	}
	return nil
}

// mark marks the items that others have sent.
func (s sentBefore) mark(ctx context.Context, items []queue.Item, marks []bool) error {
	for _, id := range s.batches {
		sent, _, err := s.db.Sent(ctx, id, items, s.changed)
		if err != nil {
			return err
		}
		for i := range sent {
			marks[i] = marks[i] || sent[i]
		}
	}
	return nil
}
