package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"airlift/queue"
	"airlift/worker/air"
)

// Codes that airlift itself gives to an item in doubt which no waiting can settle.
const (
	// CodeTwoJobs: AiR holds more than one job for the item.
	CodeTwoJobs = "AIRLIFT_TWO_JOBS"
	// CodeNameTaken: AiR holds a job of our name and batch with another source.
	CodeNameTaken = "AIRLIFT_NAME_TAKEN"
)

// finding is what a lookup showed. The zero finding: no such job.
type finding struct {
	jobID string
	// code and text are set when nothing can be concluded.
	code, text string
}

// lookup asks AiR for the item's job: all pages of GET /jobs?batch=B&name=N, each after a token of the limiter. The
// names are compared here, for whether AiR matches them exactly is not documented. A finding without a job proves
// absence only if the whole lookup began a settle window after the attempt ended.
//
// A short page is the last. But a list that shows what has nothing to do with the question does not do as it is told,
// and may keep its own length of a page as well: there only an empty page is the end.
func (p *Pool) lookup(ctx context.Context, c queue.Claimed) (finding, error) {
	name := p.namers[c.Batch].Name(&c.Item)
	var ids []string
	var other *air.Job
	first, strange := "", false
	var fit fitness
	for page := 1; ; page++ {
		if err := p.Limiter.Wait(ctx); err != nil {
			return finding{}, err
		}
		got, err := p.API.List(ctx, air.ListQuery{Batch: c.Batch, Name: name, PageNumber: page, PageSize: air.MaxPageSize, Fresh: true})
		p.heard(err)
		if err != nil {
			return finding{}, err
		}
		fit.observe(c.Batch, got.Jobs)
		if len(got.Jobs) > 0 {
			if got.Jobs[0].ID == first {
				if len(ids) > 0 {
					break // to prove presence no last page is needed
				}
				return finding{}, errNoPaging
			}
			first = got.Jobs[0].ID
		}
		for i, j := range got.Jobs {
			strange = strange || !strings.Contains(j.Batch, c.Batch) || !strings.Contains(j.Name, name)
			switch {
			case j.Batch != c.Batch || j.Name != name:
			case j.Source.Bucket == c.Bucket && j.Source.ObjectKey == c.Key:
				if !slices.Contains(ids, j.ID) { // jobs added between two pages shift the rest
					ids = append(ids, j.ID)
				}
			default:
				other = &got.Jobs[i]
			}
		}
		if len(got.Jobs) == 0 || got.Last && !strange {
			break
		}
	}
	switch {
	case len(ids) > 1:
		return finding{code: CodeTwoJobs, text: fmt.Sprintf("AiR holds %d jobs for this object: %v", len(ids), ids)}, nil
	case len(ids) == 1:
		return finding{jobID: ids[0]}, nil
	case other != nil && c.Name == "":
		return finding{code: CodeNameTaken, text: fmt.Sprintf("AiR's job %s has this item's name and batch, but another source", other.ID)}, nil
	}
	return finding{}, fit.absence()
}
