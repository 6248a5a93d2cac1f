package service

import (
	"context"
	"errors"
	"fmt"

	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

// Enqueue reads sources into a batch, and sends nothing.
func (s *Service) Enqueue(ctx context.Context, f Feed) Outcome {
	err := s.working(ctx, f.Batch, func(ctx context.Context) error { return s.read(ctx, f) })
	return s.outcome(ctx, f.Batch, f, nil, err)
}

// Adopt reads sources into a batch, and then marks the items that have jobs at AiR as submitted.
func (s *Service) Adopt(ctx context.Context, f Feed, r AuditRequest) Outcome {
	audits := map[string]*AuditResult{}
	err := s.working(ctx, f.Batch, func(ctx context.Context) error { return s.read(ctx, f) })
	if err == nil {
		r.Batch = f.Batch
		audits[f.Batch], err = s.compare(ctx, r, true)
	}
	return s.outcome(ctx, f.Batch, f, audits, err)
}

// CheckAdoptable returns a [NoJobsError] for a batch without jobs at AiR. A mistyped id would enqueue everything
// again, so a batch that the queue does not have is checked before an adoption.
func CheckAdoptable(ctx context.Context, r AuditRequest) error {
	has, err := joblist.HasJobs(ctx, r.API, r.Limiter, r.Batch)
	var refused *air.Error
	switch {
	case err == nil && has:
		return nil
	case err == nil:
		return &NoJobsError{r.Batch}
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused) && refused.Status == 401:
		return &stop.Error{Reason: stop.Credentials, Text: err.Error()}
	}
	return fmt.Errorf("nothing was stored, because AiR's list cannot be read; run the same command again: %w", err)
}
