package worker

import (
	"errors"

	"airlift/worker/air"
)

// errOtherQuestion: the list shows jobs, and none of the batch that was asked for.
var errOtherQuestion = errors.New("AiR's list shows jobs of other batches only, as if another question had been asked: it proves nothing")

// fitness tells whether what a list shows is an answer to the question that was asked: the jobs of a batch. A filter may
// match in part, or not at all, so jobs of other batches are expected beside those of ours, but not alone.
type fitness struct{ ours, others int }

// observe counts the jobs of a page.
func (f *fitness) observe(batch string, jobs []air.Job) {
	for _, j := range jobs {
		if j.Batch == batch {
			f.ours++
		} else {
			f.others++
		}
	}
}

// absence returns nil if what was not shown may be called absent.
func (f *fitness) absence() error {
	if f.ours == 0 && f.others > 0 {
		return errOtherQuestion
	}
	return nil
}
