package service

import (
	"context"
	"errors"
	"slices"

	"airlift/queue"
	"airlift/queue/intake"
	"airlift/worker"
)

// serving makes a pool work each batch of the queue that has something left, also those that come later, until ctx ends.
// A batch that cannot be sent is logged once, until it changes.
func (s *Service) serving(ctx context.Context, pool *worker.Pool) error {
	said := map[string]string{}
	for {
		changed := s.c.Store.Changed()
		all, err := s.Batches(ctx)
		if err != nil {
			return causeOf(ctx, err)
		}
		worked := pool.Worked()
		for _, b := range all {
			if b.Counts.Left() == 0 || slices.Contains(worked, b.ID) {
				continue
			}
			err := s.joinReady(ctx, b)
			switch {
			case err == nil:
				delete(said, b.ID)
				s.c.Log.Info().Str("batch", b.ID).Int64("pending", b.Counts.Pending).Msg("the batch is sent now")
			case ctx.Err() != nil:
				return nil
			case said[b.ID] != err.Error():
				said[b.ID] = err.Error()
				s.c.Log.Warn().Str("batch", b.ID).Err(err).Msg("the batch is not sent")
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// errNoSettings: the batch was enqueued without settings that its jobs need.
var errNoSettings = errors.New("it lacks job settings: `airlift submit` with the batch and its settings gives them")

// joinReady makes the pool work a batch if its settings are complete.
func (s *Service) joinReady(ctx context.Context, b queue.Batch) error {
	var missing *intake.MissingError
	if err := intake.CheckSettings(ctx, s.c.Store, b, b.Settings); errors.As(err, &missing) {
		return errNoSettings
	} else if err != nil {
		return err
	}
	_, err := s.c.Host.Join(ctx, b.AccountName(), b.ID)
	return err
}
