package service

import (
	"context"
	"errors"
	"fmt"

	"airlift/queue"
	"airlift/queue/intake"
)

// serving makes the runs work each batch of the queue that has something left, also those that come later, until ctx ends.
// A batch that cannot be sent is logged once, until it changes.
func (f *fleet) serving(ctx context.Context) error {
	said := map[string]string{}
	for {
		changed, moved := f.c.Store.Changed(), f.moved.Wait()
		all, err := f.Batches(ctx)
		if err != nil {
			return causeOf(ctx, err)
		}
		for _, b := range all {
			if !f.wants(b) {
				continue
			}
			joined, err := f.joinReady(ctx, b)
			switch {
			case err == nil && !joined: // it is held, or the process ends
			case err == nil:
				delete(said, b.ID)
				f.c.Log.Info().Str("batch", b.ID).Int64("pending", b.Counts.Pending).Msg("the batch is sent now")
			case ctx.Err() != nil:
				return nil
			case said[b.ID] != err.Error():
				said[b.ID] = err.Error()
				f.c.Log.Warn().Str("batch", b.ID).Err(err).Msg("the batch is not sent")
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-moved:
		}
	}
}

// wants reports whether a batch has something left and is not worked.
func (f *fleet) wants(b queue.Batch) bool {
	account := b.AccountName()
	return b.Counts.Left() > 0 && (f.r.Account == "" || account == f.r.Account) && !f.c.Host.Works(account, b.ID)
}

// errNoSettings: the batch was enqueued without settings that its jobs need.
var errNoSettings = errors.New("it lacks job settings: `airlift submit` with the batch and its settings gives them")

// joinReady makes the run of its account work a batch if its settings are complete. A run that has ended with an error does not
// begin again by itself.
func (f *fleet) joinReady(ctx context.Context, b queue.Batch) (bool, error) {
	var missing *intake.MissingError
	if err := intake.CheckSettings(ctx, f.c.Store, b, b.Settings); errors.As(err, &missing) {
		return false, errNoSettings
	} else if err != nil {
		return false, err
	}
	account := b.AccountName()
	if err, _ := f.ended(account); err != nil {
		return false, fmt.Errorf("the work on its account %s has ended; once that is mended, `airlift resume --account %s` begins it again: %w", account, account, err)
	}
	return f.c.Host.Join(ctx, account, b.ID)
}
