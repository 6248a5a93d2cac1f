package main

import (
	"context"
	"fmt"

	"airlift/cmd/airlift/term"
	"airlift/worker/joblist"
	"airlift/worker/service"
)

// auditCode is the exit code for what an audit found.
func auditCode(v *service.AuditResult) int {
	if v != nil && v.Found() > 0 {
		return exitIncomplete
	}
	return exitOK
}

// audit compares a batch with AiR's list. Unless there is to be JSON, each finding is printed at once, so that none of
// millions has to be kept.
func (a *app) audit(ctx context.Context, j *job, batch string, adopt bool) (*service.AuditResult, error) {
	with := joblist.Audit{API: j.client, Limiter: j.checked.limiter, Batch: batch, Adopt: adopt,
		Settled: j.opened.Add(j.send.settle), GiveUp: zeroMeansNone(j.send.giveUp)}
	if !j.send.json {
		with.Report = func(f joblist.Finding) error {
			_, err := fmt.Fprintln(a.out, term.Finding(f))
			return err
		}
	}
	return a.service(j.db, j.opened).Audit(ctx, with)
}

// verify compares the batches of a job with AiR's list, and changes nothing.
func (a *app) verify(ctx context.Context, j *job) error {
	j.audits = map[string]*service.AuditResult{}
	for _, id := range j.batches {
		v, err := a.audit(ctx, j, id, false)
		j.audits[id] = v
		if err != nil {
			return err
		}
	}
	return nil
}
