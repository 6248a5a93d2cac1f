package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/worker/air"
)

// Codes that airlift itself gives to an item in doubt which no waiting can settle.
const (
	// CodeTwoJobs: AiR holds more than one job for the item.
	CodeTwoJobs = "AIRLIFT_TWO_JOBS"
	// CodeNameTaken: AiR holds a job of our name and batch with another source.
	CodeNameTaken = "AIRLIFT_NAME_TAKEN"
	// CodeUnknownJob: AiR holds a job of the batch, not older than the attempt, that is of no item that the queue knows.
	CodeUnknownJob = "AIRLIFT_UNKNOWN_JOB"
)

// isFinal reports whether a code is one of those.
func isFinal(code string) bool {
	return code == CodeTwoJobs || code == CodeNameTaken || code == CodeUnknownJob
}

// finding is what a lookup showed. The zero finding: no such job.
type finding struct {
	jobID string
	// code and text are set when nothing can be concluded.
	code, text string
}

// lookup asks AiR for the item's job: GET /jobs?batch=B&name=N page by page, each after a token of the limiter. The names
// are compared here, for whether AiR matches them exactly is not documented. A finding without a job proves absence only
// if the whole lookup began a settle window after the last attempt ended: due.
//
// A page shorter than asked for need not be the last, for a server may make all pages shorter: without a job only an empty
// page is the end. Absence also needs that none of the batch's newest jobs can be the item's; see newest.
func (p *Pool) lookup(ctx context.Context, c queue.Claimed) (finding, error) {
	due := p.settledAt(c)
	named, err := p.lookupName(ctx, c)
	if err != nil || named != (finding{}) {
		return named, err
	}
	return p.newest[c.Batch].lookup(ctx, p, c, due)
}

// lookupName is lookup by the name alone.
func (p *Pool) lookupName(ctx context.Context, c queue.Claimed) (finding, error) {
	name := p.matchers[c.Batch].names.Name(&c.Item)
	var ids []string
	var similar, other *air.Job
	var fit fitness
	list := pages{list: p.list, query: air.ListQuery{Batch: c.Batch, Name: name}, most: maxLookupPages}
	for {
		got, err := list.next(ctx)
		if errors.Is(err, errNoPaging) && len(ids) > 0 {
			break // to prove presence no last page is needed
		}
		if err != nil {
			return finding{}, err
		}
		if len(got.jobs) == 0 {
			break
		}
		fit.observe(c.Batch, got.jobs)
		for i := range got.jobs {
			j := &got.jobs[i]
			if j.Batch != c.Batch || j.Name != name {
				continue
			}
			if !similarSource(j.Source, c.Bucket, c.Key) {
				taken, err := p.ofAnother(ctx, c, *j)
				if err != nil {
					return finding{}, err
				}
				if !taken {
					other = j
				}
				continue
			}
			if !sameSource(j.Source, c.Bucket, c.Key) {
				taken, err := p.ofAnother(ctx, c, *j)
				if err != nil {
					return finding{}, err
				}
				if taken { // both items may be meant
					other = j
					continue
				}
				similar = j
			}
			if !slices.Contains(ids, j.ID) { // jobs added between two pages shift the rest
				ids = append(ids, j.ID)
			}
		}
		if got.short && len(ids) > 0 {
			break
		}
	}
	switch {
	case len(ids) > 1:
		return finding{code: CodeTwoJobs, text: fmt.Sprintf("AiR holds %d jobs for this object: %v", len(ids), ids)}, nil
	case len(ids) == 1:
		if similar != nil {
			p.Log.Warn().Str("batch", c.Batch).Str("key", c.Key).Str("job_id", similar.ID).
				Str("listed_bucket", similar.Source.Bucket).Str("listed_key", similar.Source.ObjectKey).
				Msg("AiR's list writes the source of this job in another way than it was sent; it is taken for the item's")
		}
		return finding{jobID: ids[0]}, nil
	case other != nil:
		return finding{code: CodeNameTaken, text: fmt.Sprintf("AiR's job %s has this item's name and batch, but another source", other.ID)}, nil
	}
	return finding{}, fit.absence()
}

// ofAnother reports whether a job is exactly that of another item: jobs may share a name that the manifest gives.
func (p *Pool) ofAnother(ctx context.Context, c queue.Claimed, j air.Job) (bool, error) {
	w, err := p.matchers[c.Batch].under(ctx, queue.Object{Bucket: j.Source.Bucket, Key: j.Source.ObjectKey}, j.Name)
	return w.exact && w.Seq != c.Seq, err
}
