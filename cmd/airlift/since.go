package main

import (
	"context"

	"github.com/spf13/cobra"

	"airlift/queue"
)

// nightlyFlags are for commands that read the same sources again and again.
type nightlyFlags struct {
	changed bool
	since   []string
}

func (n *nightlyFlags) add(cmd *cobra.Command) {
	n.addSince(cmd)
	cmd.Flags().BoolVar(&n.changed, "changed", false, "submit objects once more whose ETag or size changed since they were submitted")
}

func (n *nightlyFlags) addSince(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&n.since, "since-batch", nil, "leave out objects that this other batch of the queue has submitted; may be given several times")
}

// adoptOthersFirst says what to do about a batch that is not there.
const adoptOthersFirst = "only what a batch of this queue has submitted can be left out. If the queue was lost, rebuild that batch first, with `airlift adopt`"

// since leaves out what other batches have sent.
type since struct {
	db      store
	batches []string
	// changed leaves out an object only if the other batch may have sent the contents that it has now.
	changed bool
}

// nightly takes over the flags for what is read from now on. The other batches must be there.
func (t *intake) nightly(ctx context.Context) error {
	for _, id := range t.repeated.since {
		if id == t.batch {
			return usagef("--since-batch %q: this is the batch itself, whose objects are known anyway: name another", id)
		}
		if t.db == nil {
			return usagef("--since-batch %q: there is no queue at %s; %s", id, t.app.queuePath(), adoptOthersFirst)
		}
		b, err := t.app.findBatch(ctx, t.db, id)
		if err != nil {
			return both(usagef("--since-batch %q: %s", id, adoptOthersFirst), err)
		}
		if n := b.Counts.Left(); n > 0 {
			t.app.log.Warn().Str("batch", id).Int64("items", n).Msg("--since-batch: this batch is not finished: what it has not sent yet is not left out")
		}
	}
	t.reading.changed = t.repeated.changed
	t.reading.since = since{db: t.db, batches: t.repeated.since, changed: t.repeated.changed}
	return nil
}

// sift moves the items of a chunk that others have sent to those that are skipped.
func (s since) sift(ctx context.Context, chunk *queue.Chunk) error {
	for _, id := range s.batches {
		sent, err := s.db.Sent(ctx, id, chunk.Items, s.changed)
		if err != nil {
			return err
		}
		kept := chunk.Items[:0:0]
		for i := range chunk.Items {
			if !sent[i] {
				kept = append(kept, chunk.Items[i])
			}
		}
		if skipped := len(chunk.Items) - len(kept); skipped > 0 {
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
		sent, err := s.db.Sent(ctx, id, items, s.changed)
		if err != nil {
			return err
		}
		for i := range sent {
			marks[i] = marks[i] || sent[i]
		}
	}
	return nil
}
