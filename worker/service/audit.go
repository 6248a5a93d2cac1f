package service

import (
	"context"
	"time"

	"airlift/ratelimit"
	"airlift/worker/joblist"
)

// maxFindings is how many findings an [AuditResult] keeps.
const maxFindings = 1000

// AuditResult is the result of an audit of a batch.
type AuditResult struct {
	joblist.Tally
	// Adopt says that it was an adoption.
	Adopt bool `json:"-"`
	// Findings are the first findings, unless the request has Found.
	Findings []joblist.Finding `json:"findings"`
}

// AuditRequest asks to compare a batch with all jobs that AiR lists of it.
type AuditRequest struct {
	Batch   string
	API     joblist.API
	Limiter *ratelimit.Limiter
	// Settle is the settle window. Audit first waits until the queue has been open for that
	// long.
	Settle time.Duration
	// GiveUp is how long the list may be unreadable.
	GiveUp time.Duration
	// Found, if set, is called with each finding. Its error ends the audit.
	Found func(joblist.Finding) error
}

// Audit compares a batch with AiR's list, and changes nothing. The result is never nil.
func (s *Service) Audit(ctx context.Context, r AuditRequest) (*AuditResult, error) {
	return s.compare(ctx, r, false)
}

func (s *Service) compare(ctx context.Context, r AuditRequest, adopt bool) (*AuditResult, error) {
	v := &AuditResult{Adopt: adopt, Findings: []joblist.Finding{}}
	audit := joblist.Audit{Store: s.c.Store, API: r.API, Limiter: r.Limiter, Batch: r.Batch, Adopt: adopt, Settled: s.c.Opened.Add(r.Settle),
		GiveUp: r.GiveUp, Report: r.Found, Log: s.c.Log}
	if audit.Report == nil {
		audit.Report = func(f joblist.Finding) error {
			if len(v.Findings) < maxFindings {
				v.Findings = append(v.Findings, f)
			}
			return nil
		}
	}
	s.c.Log.Info().Str("batch", r.Batch).Msg("reading all jobs of the batch from AiR's list, 100 a request")
	err := s.working(ctx, r.Batch, func(ctx context.Context) (err error) {
		v.Tally, err = audit.Run(ctx)
		return err
	})
	return v, err
}
