package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"airlift/worker/air/airtest"
)

// summary is the part of `status --json` that the rig reads.
type summary struct {
	Batch      string `json:"batch"`
	Rows       int    `json:"rows"`
	Added      int    `json:"added"`
	Known      int    `json:"known"`
	Duplicates int    `json:"duplicates"`
	Rejected   int    `json:"rejected"`
	Skipped    int    `json:"skipped"`
	Items      int    `json:"items"`
	Pending    int    `json:"pending"`
	Sending    int    `json:"sending"`
	InDoubt    int    `json:"in_doubt"`
	Submitted  int    `json:"submitted"`
	Failed     int    `json:"failed"`
	Cancelled  int    `json:"cancelled"`
	Canary     *struct {
		State string `json:"state"`
	} `json:"canary"`
}

// balanced reports whether rows and items add up.
func (s summary) balanced() bool {
	return s.Rows == s.Added+s.Known+s.Duplicates+s.Rejected+s.Skipped &&
		s.Items == s.Pending+s.Sending+s.InDoubt+s.Submitted+s.Failed+s.Cancelled
}

// held reports whether a sample holds the rest of the batch.
func (s summary) held() bool {
	return s.Canary != nil && (s.Canary.State == "running" || s.Canary.State == "failed")
}

// status reads the summary of the batch that the round is about.
func (r *round) status(ctx context.Context) (summary, error) {
	sum, known, err := r.statusIfAny(ctx)
	if err == nil && !known {
		err = errors.New("status: the queue has no batch")
	}
	return sum, err
}

// books checks the books between two processes, when there may be no batch yet. A reading that was cut short is booked as
// it stood at its last commit, and must balance as well.
func (r *round) books(ctx context.Context) error {
	_, _, err := r.statusIfAny(ctx)
	return err
}

// statusIfAny reads the summary of the batch that the round is about if there is one, and checks that it balances.
func (r *round) statusIfAny(ctx context.Context) (summary, bool, error) {
	sent := r.limits.all()
	g, err := r.plain(ctx, "status", "--json")
	if err != nil {
		return summary{}, false, err
	}
	var all []summary
	if err := json.Unmarshal([]byte(g.stdout), &all); err != nil {
		return summary{}, false, g.fails("%v", err)
	}
	if slices.ContainsFunc(all, func(s summary) bool { return !s.balanced() }) {
		return summary{}, false, g.fails("the books do not balance")
	}
	if i := slices.IndexFunc(all, func(s summary) bool { return s.held() && sent[s.Batch] > r.plan.Canary }); i >= 0 && len(r.plan.Company) == 0 {
		return summary{}, false, g.fails("LIMIT: %d jobs of %q, which waits for a sample of %d", sent[all[i].Batch], all[i].Batch, r.plan.Canary)
	}
	own := slices.DeleteFunc(all, func(s summary) bool { return (s.Batch == otherBatch) != r.onOther })
	switch len(own) {
	case 0:
		return summary{}, false, nil
	case 1:
		return own[0], true, nil
	}
	return summary{}, false, g.fails("%d batches", len(own))
}

// verify compares what the queue says in the end with what the sandbox holds, and returns all that is wrong.
func (r *round) verify(ctx context.Context) error {
	r.verified = true
	sum, err := r.status(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	bad := func(format string, args ...any) {
		if len(wrong) < 20 {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	p := r.plan
	shown := 0
	for o, ids := range r.air.Duplicates() {
		if shown++; shown <= 5 {
			bad("DUPLICATE: %q has the jobs %v", o.Key, ids)
		}
	}
	if got := r.air.Accepted(); got != p.Objects+p.Other {
		bad("jobs: got %d for %d objects", got, p.Objects+p.Other)
	}
	if sum.Items != p.Objects || sum.Submitted != p.Objects {
		bad("items: got %+v, want %d submitted", sum, p.Objects)
	}
	if sum.Rows != p.Objects+p.Repeated+p.Rejected+p.Skipped || sum.Rejected != p.Rejected || sum.Skipped != p.Skipped {
		bad("rows: got %+v, want %d objects, %d repeated, %d rejected, %d skipped", sum, p.Objects, p.Repeated, p.Rejected, p.Skipped)
	}
	rejected := r.compare(ctx, sum.Batch, p.Objects, key, bad)
	if rejected != p.Rejected {
		bad("report: %d rejected rows, want %d", rejected, p.Rejected)
	}
	if p.Other > 0 {
		r.compare(ctx, otherBatch, p.Other, otherKey, bad)
	}
	if _, err := r.plain(ctx, "check"); err != nil {
		bad("%w", err)
	}
	return errors.Join(append(wrong, r.verifyLimits())...)
}

// compare compares the report of a batch of n objects with the sandbox's jobs, item by item, and returns the number of
// rejected rows.
func (r *round) compare(ctx context.Context, batch string, n int, key func(int) string, bad func(string, ...any)) (rejected int) {
	g, err := r.plain(ctx, "report", batch)
	if err != nil {
		bad("%w", err)
		return 0
	}
	rows, err := csv.NewReader(strings.NewReader(g.stdout)).ReadAll()
	if err != nil || len(rows) == 0 {
		bad("report: %d rows, %v", len(rows), err)
		return 0
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	jobs := r.air.ByObject()
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		name, state, id := row[column["key"]], row[column["state"]], row[column["job_id"]]
		if state == "rejected" {
			rejected++
			continue
		}
		ids := jobs[airtest.Object{Batch: batch, Bucket: row[column["bucket"]], Key: name}]
		if seen[name] || state != "submitted" || len(ids) != 1 || ids[0] != id {
			bad("report: %q is %s with job %q, the sandbox has %v", name, state, id, ids)
		}
		seen[name] = true
	}
	for n := range n {
		if !seen[key(n)] {
			bad("report: %q is missing", key(n))
		}
		if len(jobs[airtest.Object{Batch: batch, Bucket: bucket, Key: key(n)}]) == 0 {
			bad("LOST: %q has no job", key(n))
		}
	}
	return rejected
}
