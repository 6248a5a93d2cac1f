package service

import (
	"cmp"
	"context"

	"airlift/queue"
	"airlift/worker"
	"airlift/worker/service/canary"
	"airlift/worker/trial"
)

// chooseSample chooses and stores the sample of a batch, if it is to get one and has something pending.
func (s *Service) chooseSample(ctx context.Context, batch string, r *canary.Request) error {
	b, err := s.Batch(ctx, batch)
	if err != nil {
		return err
	}
	if !r.Wants(&b) {
		if t := b.Control.Trial; !t.Holds() && r.Asked.After(t.Asked) {
			s.c.Log.Info().Str("batch", batch).Str("canary", string(t.State)).Msg("the batch has had its canary sample, so the rest is sent; --canary-again sends another sample first")
		}
		return nil
	}
	t, err := r.Choose(ctx, s, batch)
	if err != nil || t == nil {
		return causeOf(ctx, err)
	}
	s.c.Log.Info().Str("batch", batch).Int("items", t.Size).Int("may_fail", t.MaxFailed).Msg("a canary sample goes first: the rest is sent once AiR has completed it")
	return s.controlBatch(ctx, batch, func(c *queue.BatchControl) { c.Trial = t })
}

// addCanary adds what a run knows of the sample of a batch, and says if the rest waits for it.
func (s *Status) addCanary(run *worker.Snapshot) {
	var running map[string]trial.Progress
	if run != nil {
		running = run.Trials
	}
	s.Reason = cmp.Or(s.Reason, s.Canary.Add(s.Batch, running, s.State == string(worker.Idle)))
}
