package openjobs

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

// question is what is asked of AiR: for a page of a batch's list or, if page is 0, for one job.
type question struct {
	batch string
	page  int
	jobs  []*job
}

// poll asks for the jobs that are due, and tells of those that have ended.
func (c *Counter) poll(ctx context.Context) error {
	for _, q := range c.questions() {
		var err error
		if q.page > 0 {
			err = c.askPage(ctx, q)
		} else {
			err = c.askJob(ctx, q.jobs[0])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// questions returns what to ask now.
func (c *Counter) questions() (all []question) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, batch := range slices.Sorted(maps.Keys(c.batches)) {
		l := c.batches[batch]
		pages := map[int][]*job{}
		for _, j := range l.open {
			if !c.dueAt(j).After(now) {
				pages[l.pageOf(j)] = append(pages[l.pageOf(j)], j)
			}
		}
		if len(pages) == 0 {
			continue
		}
		some, last := l.questions(batch, pages), slices.Max(slices.Collect(maps.Keys(pages)))
		if l.lost || len(some) > last { // find out how the list goes, and ask singly for a few that it did not show
			some = slices.DeleteFunc(some, func(q question) bool { return q.page > 0 })
			some = some[:min(len(some), last)]
			for page := 1; page <= last; page++ {
				some = append(some, question{batch, page, pages[page]})
			}
		}
		all = append(all, some...)
	}
	return all
}

// questions returns those for jobs by the pages on which they are expected.
func (l *list) questions(batch string, pages map[int][]*job) (all []question) {
	for _, page := range slices.Sorted(maps.Keys(pages)) {
		together := question{batch: batch, page: page}
		for _, j := range pages[page] {
			if j.missed || len(pages[page]) == 1 {
				all = append(all, question{batch: batch, jobs: []*job{j}})
			} else {
				together.jobs = append(together.jobs, j)
			}
		}
		if len(together.jobs) > 0 {
			all = append(all, together)
		}
	}
	return all
}

// pageOf returns the page of the list, newest first, that has a job.
func (l *list) pageOf(j *job) int { return max(l.next-1-j.ordinal+l.shift, 0)/l.pageSize() + 1 }

func (l *list) pageSize() int {
	if l.size == 0 {
		return air.MaxPageSize
	}
	return l.size
}

// askPage asks for a page of a batch's list, newest first, and for the next ones while they may have several of the jobs.
func (c *Counter) askPage(ctx context.Context, q question) error {
	unseen, short, any := q.jobs, 0, false
	for number := q.page; ; number++ {
		page, err := c.listed(ctx, q.batch, number)
		if err != nil {
			return err
		}
		c.mu.Lock()
		l := c.batches[q.batch]
		if short > 0 && len(page.Jobs) > 0 {
			l.size = short // the server gives no larger pages
		}
		ends, seen := c.see(l, number, page)
		any = any || len(seen) > 0
		unseen = slices.DeleteFunc(unseen, func(j *job) bool { return seen[j] })
		more := len(page.Jobs) > 0 && len(unseen) > 1 && (page.Short || number == q.page)
		if short = 0; page.Short {
			short = len(page.Jobs)
		}
		if !more {
			l.lost = len(q.jobs) > 0 && !any && !l.lost
			miss(unseen)
		}
		c.mu.Unlock()
		if c.tell(ends); !more {
			return nil
		}
	}
}

// listed returns a page of a batch's list, newest first; an empty one behind its end.
func (c *Counter) listed(ctx context.Context, batch string, number int) (air.Page, error) {
	page, err := c.c.API.List(ctx, air.ListQuery{Batch: batch, PageNumber: number, Descending: true})
	if err != nil && number > 1 && isRefused(err) {
		return air.Page{}, nil
	}
	return page, err
}

// miss makes jobs be asked for singly the next time, at once.
func miss(jobs []*job) {
	for _, j := range jobs {
		j.missed, j.due = true, time.Now()
	}
}

// see takes what a page says of open jobs: which have ended, and where in the list they stand. The caller holds mu.
func (c *Counter) see(l *list, number int, page air.Page) (ends []End, seen map[*job]bool) {
	seen = map[*job]bool{}
	now := time.Now()
	for i, listed := range page.Jobs {
		j := c.byID[listed.ID]
		if j == nil || j.Batch != listed.Batch {
			continue
		}
		seen[j], j.missed = true, false
		l.shift = (number-1)*l.pageSize() + i - (l.next - 1 - j.ordinal)
		if !hasEnded(listed.Status) {
			j.due = now.Add(c.life.again(now.Sub(j.At)))
			continue
		}
		took, exact := lifetime(listed)
		if !exact {
			took = now.Sub(j.At)
		}
		c.life.add(took, exact)
		c.remove(j)
		ends = append(ends, End{j.Job, listed.Status})
	}
	return ends, seen
}

// lifetime returns how long a job took, if AiR tells it.
func lifetime(j air.Job) (time.Duration, bool) {
	created, ok := j.CreatedAt()
	ended, err := time.Parse(time.RFC3339, j.Completed)
	return ended.Sub(created), ok && err == nil && ended.After(created)
}

// askJob asks for one job.
func (c *Counter) askJob(ctx context.Context, j *job) error {
	state, err := c.c.API.JobStatus(ctx, j.ID)
	var refused *air.Error
	now := time.Now()
	gone := errors.As(err, &refused) && refused.Status == http.StatusNotFound && now.Sub(j.At) > c.c.Settle
	if err != nil && !gone && (refused == nil || refused.Status != http.StatusNotFound) {
		return err
	}
	c.mu.Lock()
	j.missed = false
	var ends []End
	if c.byID[j.ID] == j && (gone || hasEnded(state.Status)) {
		c.life.add(now.Sub(j.At), false)
		c.remove(j)
		ends = []End{{j.Job, state.Status}}
	}
	j.due = now.Add(c.life.again(now.Sub(j.At)))
	c.mu.Unlock()
	c.tell(ends)
	return nil
}

// tell tells of ends.
func (c *Counter) tell(ends []End) {
	if len(ends) == 0 {
		return
	}
	c.mu.Lock()
	c.wanted = false // who still waits asks again
	c.mu.Unlock()
	c.c.OnEnd(ends)
}

// stopOf returns the stop that an error of a request causes, or nil.
func stopOf(err error) *stop.Error { return joblist.StopOf(err) }

// isRefused reports whether AiR says that there is no such page.
func isRefused(err error) bool {
	var e *air.Error
	return errors.As(err, &e) && !air.IsThrottling(e.Code) &&
		(e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound || e.Status == http.StatusRequestedRangeNotSatisfiable || e.Status == http.StatusUnprocessableEntity)
}
