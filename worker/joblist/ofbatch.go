package joblist

import (
	"errors"
	"slices"

	"airlift/worker/air"
)

// errOtherBatches: the list shows jobs, and none of the batch that was asked for.
var errOtherBatches = errors.New("AiR's list shows only jobs of other batches, so it may answer another request; nothing is concluded from it")

// batchCheck counts the listed jobs of the batch that was asked for and of others. A filter may match in part, or not at
// all, so others are expected, but not alone.
type batchCheck struct{ asked, others int }

// observe counts the jobs of a page.
func (c *batchCheck) observe(batch string, jobs []air.Job) {
	for _, j := range jobs {
		if j.Batch == batch {
			c.asked++
		} else {
			c.others++
		}
	}
}

// absence returns nil if a job that was not shown can be called absent.
func (c *batchCheck) absence() error {
	if c.asked == 0 && c.others > 0 {
		return errOtherBatches
	}
	return nil
}

// ofBatch returns the jobs of exactly this batch: AiR's filter may match partially or not at all.
func ofBatch(jobs []air.Job, batch string) []air.Job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j air.Job) bool { return j.Batch != batch })
}
