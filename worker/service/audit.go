package service

import (
	"context"

	"airlift/worker/joblist"
)

// maxFindings is how many findings an [AuditResult] keeps.
const maxFindings = 1000

// AuditResult is what comparing a batch with AiR's list has found.
type AuditResult struct {
	joblist.Tally
	// Adopt says that it was an adoption.
	Adopt bool `json:"-"`
	// Findings are the first ones, unless the audit reported them as they came.
	Findings []joblist.Finding `json:"findings"`
}

// Audit compares a batch with AiR's list and, if it is to adopt, brings the batch up to it. What audit says beside
// store and log is taken as it is; without Report the result keeps the first findings.
func (s *Service) Audit(ctx context.Context, audit joblist.Audit) (*AuditResult, error) {
	v := &AuditResult{Adopt: audit.Adopt, Findings: []joblist.Finding{}}
	audit.Store, audit.Log = s.Store, s.Log
	if audit.Report == nil {
		audit.Report = func(f joblist.Finding) error {
			if len(v.Findings) < maxFindings {
				v.Findings = append(v.Findings, f)
			}
			return nil
		}
	}
	s.Log.Info().Str("batch", audit.Batch).Msg("reading all jobs of the batch from AiR's list, 100 a request")
	err := s.watched(ctx, s.atWork(audit.Batch), func(ctx context.Context) (err error) {
		v.Tally, err = audit.Run(ctx)
		return err
	})
	return v, err
}
