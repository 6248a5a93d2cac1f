package service

import (
	"context"

	"airlift/queue"
	"airlift/worker"
	"airlift/worker/service/canary"
)

// chooseSample chooses and stores the sample of a batch, if it is to get one and has something pending.
func (s *Service) chooseSample(ctx context.Context, batch string, r *canary.Request) error {
	b, err := s.Batch(ctx, batch)
	if err != nil {
		return err
	}
	log := s.c.Log.Info().Str("batch", batch)
	if !r.Wants(&b) {
		if t := b.Control.Trial; !t.Holds() && r.Asked.After(t.Asked) {
			log.Str("canary", string(t.State)).Msg("the batch has had its canary sample, so the rest is sent; --canary-again sends another sample first")
		}
		return nil
	}
	t, err := r.Choose(ctx, s, batch)
	if err != nil || t == nil {
		return causeOf(ctx, err)
	}
	if err := s.controlBatch(ctx, batch, func(c *queue.BatchControl) { c.Trial = t }); err != nil {
		return err
	}
	log.Int("items", t.Size).Int("may_fail", t.MaxFailed).Msg("a canary sample goes first: the rest is sent once AiR has completed it")
	return nil
}

// addCanary adds what a run knows of the sample of a batch, and says if the rest waits for it.
func (s *Status) addCanary(run *worker.Snapshot) {
	if run == nil {
		run = &worker.Snapshot{}
	}
	if why := s.Canary.Add(s.Batch, run.Trials, s.State == string(worker.Idle)); s.Reason == "" {
		s.Reason = why
	}
}
