package worker

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"airlift/ratelimit"
	"airlift/worker/air"
)

// maxPasses is how often a list is read anew because it was not at rest while it was read.
const maxPasses = 4

var (
	// errRestless: jobs moved from page to page in every pass, so that nobody knows which were passed over.
	errRestless = errors.New("the list of jobs changes while it is read: does somebody else submit under this batch?")
)

// listing reads all jobs of a batch from AiR's list, oldest first.
type listing struct {
	api     api
	limiter *ratelimit.Limiter
	batch   string
	// giveUp is how long one page may be refused.
	giveUp time.Duration
	log    zerolog.Logger
}

// each calls fn for every page with those of its jobs that are of this batch exactly, and returns nil only if the list
// was read to its end. A job can be given more than once.
//
// Pages are numbered, so a job that appears in, or vanishes from, a page already read moves those behind it, and so does
// a list that sorts jobs of equal date anew for each page. What moves back is seen twice; what that passed over nobody
// knows. So the list is read oldest first and newest first in turn, until two readings in a row show the same jobs and
// neither shows one twice on neighboring pages.
func (l *listing) each(ctx context.Context, fn func([]air.Job) error) error {
	var before reading
	for n := 1; n <= maxPasses; n++ {
		now, err := l.pass(ctx, n%2 == 0, fn)
		if err != nil {
			return err
		}
		if n > 1 && !now.moved && now == before {
			return nil
		}
		if n > 1 || now.moved {
			l.log.Warn().Str("batch", l.batch).Msg("AiR's list changed while it was read, or shows jobs twice: it is read again to be sure")
		}
		before = now
	}
	return l.unread(errRestless)
}

// reading is what a pass over the list showed.
type reading struct {
	moved bool   // a job was on two pages in a row
	jobs  int    // how many were shown
	sum   uint64 // of the hashes of their ids, in any order
}

// pass reads the list once, oldest or newest first.
func (l *listing) pass(ctx context.Context, newestFirst bool, fn func([]air.Job) error) (reading, error) {
	var shown reading
	first := ""
	var before map[string]bool
	for number, short := 1, false; ; number++ {
		got, err := l.page(ctx, newestFirst, number)
		var stopped *StopError
		switch {
		case err == nil:
		case errors.As(err, &stopped) || !refusesPage(err):
			return reading{}, err
		case short:
			return shown, nil // the page before was the last by the API's own rule
		default:
			return reading{}, l.unread(err)
		}
		// A page that is shorter than asked for should be the last (Retrieve jobs), but a list that makes its own pages
		// shorter would lose the rest: the end is where nothing comes.
		if len(got.Jobs) == 0 {
			return shown, nil
		}
		here := make(map[string]bool, len(got.Jobs))
		ours := make([]air.Job, 0, len(got.Jobs))
		repeated := 0
		for _, j := range got.Jobs {
			if here[j.ID] {
				continue
			}
			here[j.ID] = true
			if before[j.ID] {
				repeated++
			}
			if j.Batch == l.batch { // the filter may match in part, or not at all
				ours = append(ours, j)
			}
		}
		switch id := got.Jobs[0].ID; {
		case number == 1:
			first = id
		case repeated == len(here) && len(here) == len(before) && number > 2 && short:
			return shown, nil // it gives its last page, which was short, for any number behind it
		case id == first, repeated == len(here) && len(here) == len(before):
			return reading{}, l.unread(errNoPaging)
		}
		for id := range here {
			h := fnv.New64a()
			_, _ = h.Write([]byte(id))
			shown.sum += h.Sum64()
		}
		shown.jobs += len(here)
		shown.moved = shown.moved || repeated > 0
		before, short = here, got.Last
		if err := fn(ours); err != nil {
			return reading{}, err
		}
	}
}

// page asks for one page until it comes, or it could not be had for too long, or the answer is one that no waiting mends:
// a stop, or that there is no such page (see refusesPage).
func (l *listing) page(ctx context.Context, newestFirst bool, number int) (air.Page, error) {
	var since time.Time
	for failed := 1; ; failed++ {
		if err := l.limiter.Wait(ctx); err != nil {
			return air.Page{}, ended(ctx, err)
		}
		got, err := l.api.List(ctx, air.ListQuery{Batch: l.batch, PageNumber: number, PageSize: air.MaxPageSize, Descending: newestFirst, Fresh: true})
		if err == nil {
			return got, nil
		}
		if ctx.Err() != nil {
			return air.Page{}, context.Cause(ctx)
		}
		if s := stopOf(lookupAction(err), err); s != nil && (number == 1 || !refusesPage(err)) {
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
		l.log.Warn().Str("batch", l.batch).Int("page", number).Err(err).Msg("AiR's list cannot be read; it is tried again")
		if err := sleep(ctx, grown(failed, time.Second, outageCap)); err != nil {
			return air.Page{}, err
		}
	}
}

// unread is the end of a listing that did not come to the list's end.
func (l *listing) unread(err error) *StopError {
	return &StopError{Reason: Unexpected, Err: err, Text: fmt.Sprintf(
		"AiR's list of batch %q could not be read to its end, so nothing is known of the jobs that were not shown; run the same command again", l.batch)}
}

// refusesPage reports whether AiR says that there is no page of that number.
func refusesPage(err error) bool {
	var e *air.Error
	if !errors.As(err, &e) || isThrottling(e.Code) {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// ended returns why ctx ended, if it did, else err.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
