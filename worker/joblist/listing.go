package joblist

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/stop"
)

// maxPasses is how often a list is read again because it changed while it was read.
const maxPasses = 4

// maxBackoff is the longest wait before a page is asked for again.
const maxBackoff = 5 * time.Minute

// API is what an audit needs of AiR.
type API interface {
	List(ctx context.Context, q air.ListQuery) (air.Page, error)
}

// listing reads all jobs of a batch from AiR's list.
type listing struct {
	api     API
	limiter *ratelimit.Limiter
	batch   string
	// giveUp is how long one page may be refused.
	giveUp time.Duration
	log    zerolog.Logger
}

// each calls fn for every page with those of its jobs that are of this batch exactly, and its odd records. A job can be given more than once.
// It reports whether the list proves that there are no others; if not, what was not shown may exist all the same.
//
// Pages are numbered, so a job added to or removed from a page already read shifts the jobs after it, and so does
// a list that orders jobs of equal date differently for each page. Jobs that shift back are seen twice; others may be
// missed. So the list is read oldest first and newest first in turn, until two passes in a row show the same jobs up to
// an empty page, and neither shows one twice.
func (l *listing) each(ctx context.Context, fn func([]air.Job, []air.UnreadableJob) error) (proof bool, err error) {
	var before pass
	for n := 1; n <= maxPasses; n++ {
		now, err := l.pass(ctx, n%2 == 0, fn)
		switch {
		case err != nil:
			return false, err
		case n == 1 && !now.moved:
		case n > 1 && now.whole && !now.moved && now == before:
			return true, nil
		case n > 1 && !now.whole && !before.whole:
			return false, nil // the list has no provable end
		default:
			l.log.Warn().Str("batch", l.batch).Msg("AiR's list changed while it was read, or repeats jobs; reading it again")
		}
		before = now
	}
	return false, nil
}

// pass reads the list once, oldest or newest first. A list that refuses a page after the first, or repeats a short page
// endlessly, may have ended there; that is no proof.
func (l *listing) pass(ctx context.Context, newestFirst bool, fn func([]air.Job, []air.UnreadableJob) error) (pass, error) {
	var shown pass
	list := pages{list: l.page, query: air.ListQuery{Batch: l.batch, Descending: newestFirst}, most: maxListPages}
	var last page // the last that showed something new
	stands := true
	for {
		got, err := list.next(ctx)
		var stopped *stop.Error
		var refused *refusedPage
		switch {
		case err == nil && got.end():
			shown.whole = true
			return shown, nil
		case err == nil:
		case errors.As(err, &stopped), ctx.Err() != nil:
			return pass{}, err
		case errors.As(err, &refused), last.short && errors.Is(err, errNoPaging) && stands:
			return shown, nil
		default:
			return pass{}, l.unread(err)
		}
		shown.add(got)
		if len(got.fresh) > 0 {
			last, stands = got, true
		} else {
			stands = stands && sameJobs(got.jobs, last.jobs)
		}
		if err := fn(ofBatch(got.jobs, l.batch), oddOf(got.odd, l.batch)); err != nil {
			return pass{}, err
		}
	}
}

func sameJobs(a, b []air.Job) bool {
	return slices.EqualFunc(a, b, func(x, y air.Job) bool { return x.ID == y.ID })
}

// named looks up the batch's jobs of that name, and returns the unreadable records too.
func (l *listing) named(ctx context.Context, name string) (jobs []air.Job, odd []air.UnreadableJob, err error) {
	var seen batchCheck
	err = readNamed(ctx, l.page, air.ListQuery{Batch: l.batch, Name: name}, func(got page) (bool, error) {
		seen.observe(l.batch, got.jobs)
		odd = append(odd, oddOf(got.odd, l.batch)...)
		for _, j := range ofBatch(got.fresh, l.batch) {
			if j.Name == name {
				jobs = append(jobs, j)
			}
		}
		return false, nil
	})
	if err == nil {
		err = seen.absence()
	}
	var stopped *stop.Error
	switch {
	case err == nil, endsUnproven(err) && len(jobs) > 0: // to prove presence no last page is needed
		return jobs, odd, nil
	case errors.As(err, &stopped), ctx.Err() != nil:
		return nil, nil, err
	}
	return nil, nil, l.unread(err)
}

// page requests one page until it succeeds, has failed for giveUp, or the answer is one that waiting does not change:
// a stop, or that there is no such page (see refusesPage).
func (l *listing) page(ctx context.Context, q air.ListQuery) (air.Page, error) {
	var since time.Time
	for failed := 1; ; failed++ {
		if err := l.limiter.Wait(ctx); err != nil {
			return air.Page{}, err
		}
		got, err := l.api.List(ctx, q)
		if err == nil {
			return got, nil
		}
		if ctx.Err() != nil {
			return air.Page{}, context.Cause(ctx)
		}
		if s := StopOf(err); s != nil && (q.PageNumber == 1 || !refusesPage(err)) {
			return air.Page{}, s
		}
		if refusesPage(err) {
			return air.Page{}, err
		}
		if failed == 1 {
			since = time.Now()
		}
		if time.Since(since) >= l.giveUp {
			return air.Page{}, l.unread(err)
		}
		l.log.Warn().Str("batch", l.batch).Int("page", q.PageNumber).Err(err).Msg("AiR's list cannot be read; trying again")
		if err := ratelimit.Sleep(ctx, ratelimit.Backoff(failed, time.Second, maxBackoff)); err != nil {
			return air.Page{}, err
		}
	}
}

// unread returns the stop for a list that could not be read to its end.
func (l *listing) unread(err error) *stop.Error {
	return &stop.Error{Reason: stop.Unexpected, Err: err, Text: fmt.Sprintf(
		"AiR's list of batch %q could not be read to its end, so nothing is known of the jobs that were not shown; run the same command again", l.batch)}
}

// HasJobs reports whether AiR lists any job of the batch. The errors are those of the list.
func HasJobs(ctx context.Context, api API, limiter *ratelimit.Limiter, batch string) (bool, error) {
	list := newestFirst(func(ctx context.Context, q air.ListQuery) (air.Page, error) {
		if err := limiter.Wait(ctx); err != nil {
			return air.Page{}, err
		}
		return api.List(ctx, q)
	}, batch, maxLookupPages)
	for {
		got, err := list.next(ctx)
		if err != nil || got.end() {
			return false, err
		}
		if len(ofBatch(got.jobs, batch)) > 0 || len(oddOf(got.odd, batch)) > 0 {
			return true, nil
		}
	}
}
