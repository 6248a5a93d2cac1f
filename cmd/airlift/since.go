package main

import (
	"context"

	"airlift/queue"
)

// since leaves out what other batches have sent.
type since struct {
	db      queue.Store
	batches []string
	// changed leaves out an object only if the other batch may have sent the contents that it has now.
	changed bool
}

// sift moves the items of a chunk that others have sent to those that are skipped, and those of which that is not certain
// to the rejected ones.
func (s since) sift(ctx context.Context, chunk *queue.Chunk) error {
	for _, id := range s.batches {
		sent, reasons, err := s.db.Sent(ctx, id, chunk.Items, s.changed)
		if err != nil {
			return err
		}
		kept := chunk.Items[:0:0]
		skipped := 0
		for i := range chunk.Items {
			switch it := &chunk.Items[i]; {
			case sent[i]:
				skipped++
			case reasons[i] != "":
				chunk.Rejected = append(chunk.Rejected, queue.Rejected{Line: it.Line, Bucket: it.Bucket, Key: it.Key, Extra: it.Extra, Reason: reasons[i]})
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
func (s since) mark(ctx context.Context, items []queue.Item, marks []bool) error {
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
