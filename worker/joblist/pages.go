package joblist

import (
	"context"
	"errors"
	"fmt"
	"time"

	"airlift/ratelimit"
	"airlift/worker/air"
)

const (
	// maxLookupPages is how many pages of a lookup, and of the match check, are read before it is given up.
	maxLookupPages = 1000
	// maxListPages is the same for all jobs of a batch: a hundred million jobs.
	maxListPages = 1_000_000
	// maxRepeats is how many pages in a row may show nothing new: jobs that are made meanwhile move the others to later
	// pages. In a list by name the first such page ends it.
	maxRepeats = 4
)

// errNoPaging: the list repeats pages, so reading it would not end.
var errNoPaging = errors.New("AiR's list of jobs repeats pages, so it cannot be read to its end")

// errEndless: the list has more pages than are read.
type errEndless int

func (e errEndless) Error() string {
	return fmt.Sprintf("AiR's list of jobs does not end within %d pages", int(e))
}

// Lister asks AiR for one page of jobs, after a token of the limiter.
type Lister func(ctx context.Context, q air.ListQuery) (air.Page, error)

// pages reads a list of jobs page by page. Only an empty page is its end: a server may return shorter pages
// than requested, and a refused page does not show what follows.
type pages struct {
	list  Lister
	query air.ListQuery // the page's number and size are filled in
	most  int           // pages

	number  int // of the last page
	repeats int // pages in a row that showed nothing new
	seen    recent
}

// page is a page of a list. It has neither jobs nor odd records at the list's end.
type page struct {
	// jobs are those of the page, each once; fresh are those of them that no page shortly before has shown.
	jobs, fresh []air.Job
	odd         []air.UnreadableJob
	// short says that the page had fewer jobs than were asked for, twice that it had one of them twice.
	short, twice bool
}

// end reports whether this page is the end of its list.
func (p *page) end() bool { return len(p.jobs) == 0 && len(p.odd) == 0 }

// endsUnproven reports whether a list that ended with this error may have shown all its jobs.
func endsUnproven(err error) bool {
	var refused *refusedPage
	return errors.Is(err, errNoPaging) || errors.As(err, &refused)
}

// next reads the next page. The errors are a refusedPage, errNoPaging, errEndless and those of the lister.
func (p *pages) next(ctx context.Context) (page, error) {
	if p.repeats == maxRepeats || p.repeats > 0 && p.query.Name != "" {
		return page{}, errNoPaging
	}
	if p.number == p.most {
		return page{}, errEndless(p.most)
	}
	p.number++
	q := p.query
	q.PageNumber, q.PageSize, q.Fresh = p.number, air.MaxPageSize, true
	got, err := p.list(ctx, q)
	switch {
	case err != nil && p.number > 1 && refusesPage(err):
		return page{}, &refusedPage{p.number, err}
	case err != nil:
		return page{}, err
	}
	now := page{short: got.Short, odd: got.Odd}
	here := make(map[string]bool, len(got.Jobs))
	for _, j := range got.Jobs {
		if here[j.ID] {
			now.twice = true
			continue
		}
		here[j.ID] = true
		now.jobs = append(now.jobs, j)
		if p.seen.add(j.ID) {
			now.fresh = append(now.fresh, j)
		}
	}
	news := len(now.fresh) > 0
	for _, o := range now.odd {
		news = p.seen.add(oddKey(o)) || news
	}
	p.repeats++
	if news {
		p.repeats = 0
	}
	return now, nil
}

// recent holds the ids of the latest few thousand jobs.
type recent struct{ now, before map[string]bool }

// add adds an id and reports whether it is new.
func (r *recent) add(id string) bool {
	if r.now[id] || r.before[id] {
		return false
	}
	if r.now == nil || len(r.now) >= 20*air.MaxPageSize {
		r.now, r.before = map[string]bool{}, r.now
	}
	r.now[id] = true
	return true
}

// pageTries is how often a page after the first is requested before the list is given up.
const pageTries = 5

// retrying returns a lister for a list of many pages: it asks again for a page behind the first that fails in a way that
// may be temporary. Otherwise a list of a thousand pages, of which one in a hundred fails, would never be read to its end.
func retrying(list Lister) Lister {
	return func(ctx context.Context, q air.ListQuery) (air.Page, error) {
		for try := 1; ; try++ {
			got, err := list(ctx, q)
			if err == nil || q.PageNumber == 1 || try == pageTries || refusesPage(err) || StopOf(err) != nil {
				return got, err
			}
			if ratelimit.Sleep(ctx, ratelimit.Backoff(try, time.Second, maxBackoff)) != nil {
				return got, err
			}
		}
	}
}

// newestFirst reads the jobs of a batch, newest first.
func newestFirst(list Lister, batch string, most int) *pages {
	return &pages{list: list, query: air.ListQuery{Batch: batch, Descending: true}, most: most}
}
