package main

import (
	"context"

	"github.com/spf13/cobra"
)

// nightlyFlags are for commands that read the same sources again and again.
type nightlyFlags struct {
	changed bool
	trust   bool
	since   []string
}

func (n *nightlyFlags) add(cmd *cobra.Command) {
	n.addSince(cmd)
	f := cmd.Flags()
	f.BoolVar(&n.changed, "changed", false, "submit objects once more whose ETag or size changed since they were submitted")
	f.BoolVar(&n.trust, "trust-changes", false, "with --changed: submit them even if most of the first 1,000 objects changed")
}

func (n *nightlyFlags) addSince(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&n.since, "since-batch", nil, "leave out objects that this other batch of the queue has submitted; may be given several times")
}

// adoptOthersFirst says what to do about a batch that is not there.
const adoptOthersFirst = "only what a batch of this queue has submitted can be left out. If the queue was lost, rebuild that batch first, with `airlift adopt`"

// nightly takes over the flags for what is read from now on. The other batches must be there.
func (t *intake) nightly(ctx context.Context) error {
	for _, id := range t.repeated.since {
		if id == t.batch {
			return usagef("--since-batch %q: this is the batch itself, whose objects are known anyway: name another", id)
		}
		if t.db == nil {
			return usagef("--since-batch %q: there is no queue at %s; %s", id, t.app.queuePath(), adoptOthersFirst)
		}
		b, err := t.app.service(t.db, t.opened).Batch(ctx, id)
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

// fewChanges is how many changed objects need no second look, whatever their share is.
const fewChanges = 100

// checkChanges refuses a reading of whose first objects, so far as they can be compared, most have changed: more likely
// than that is a source that tells sizes or ETags in another way than the one before (in kilobytes, or another checksum),
// and everything would be submitted once more.
func (t *intake) checkChanges(ctx context.Context) error {
	ahead, err := t.ahead(ctx)
	if err != nil {
		return err
	}
	ahead.Trial = true
	plain, err := t.db.Add(ctx, t.batch, ahead)
	if err != nil {
		return err
	}
	ahead.Changed = true
	compared, err := t.db.Add(ctx, t.batch, ahead)
	if err != nil {
		return err
	}
	known, changed := plain.Known-compared.Unsure, compared.Added-plain.Added
	if changed < fewChanges || 2*changed <= known {
		return nil
	}
	return usagef("--changed: %d of the first %d objects that the batch has are told to have another size or ETag than when they were submitted. "+
		"Does this source tell them in another way than the one before? Nothing was sent. If they did change, add --trust-changes", changed, known)
}
