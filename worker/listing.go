package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
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
// Pages are numbered, so a job that appears in, or vanishes from, a page already read moves those behind it. What moves
// back is seen twice, on two pages in a row; what that passed over nobody knows. Such a pass proves nothing, and the
// list is read again, until a pass shows no job twice or the same jobs as the pass before it: a list that simply has
// duplicate records.
func (l *listing) each(ctx context.Context, fn func([]air.Job) error) error {
	var before uint64
	for n := 1; ; n++ {
		moved, digest, err := l.pass(ctx, fn)
		switch {
		case err != nil:
			return err
		case !moved || n > 1 && digest == before:
			return nil
		case n == maxPasses:
			return l.unread(errRestless)
		}
		before = digest
		l.log.Warn().Str("batch", l.batch).Msg("AiR's list changed while it was read, or shows jobs twice: it is read again to be sure")
	}
}

// pass reads the list once. moved says that a job was on two pages in a row; digest stands for all that was shown.
func (l *listing) pass(ctx context.Context, fn func([]air.Job) error) (moved bool, digest uint64, err error) {
	sum := fnv.New64a()
	first := ""
	var before map[string]bool
	for number, short := 1, false; ; number++ {
		got, err := l.page(ctx, number)
		var stopped *StopError
		switch {
		case err == nil:
		case errors.As(err, &stopped) || !refusesPage(err):
			return false, 0, err
		case short:
			return moved, sum.Sum64(), nil // the page before was the last by the API's own rule
		default:
			return false, 0, l.unread(err)
		}
		// A page that is shorter than asked for should be the last (Retrieve jobs), but a list that makes its own pages
		// shorter would lose the rest: the end is where nothing comes.
		if len(got.Jobs) == 0 {
			return moved, sum.Sum64(), nil
		}
		here := make(map[string]bool, len(got.Jobs))
		ours := make([]air.Job, 0, len(got.Jobs))
		repeated := 0
		for _, j := range got.Jobs {
			writeText(sum, j.ID)
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
			return moved, sum.Sum64(), nil // it gives its last page, which was short, for any number behind it
		case id == first, repeated == len(here) && len(here) == len(before):
			return false, 0, l.unread(errNoPaging)
		}
		moved, before, short = moved || repeated > 0, here, got.Last
		if err := fn(ours); err != nil {
			return false, 0, err
		}
	}
}

// page asks for one page until it comes, or it could not be had for too long, or the answer is one that no waiting mends:
// a stop, or that there is no such page (see refusesPage).
func (l *listing) page(ctx context.Context, number int) (air.Page, error) {
	var since time.Time
	for failed := 1; ; failed++ {
		if err := l.limiter.Wait(ctx); err != nil {
			return air.Page{}, ended(ctx, err)
		}
		got, err := l.api.List(ctx, air.ListQuery{Batch: l.batch, PageNumber: number, PageSize: air.MaxPageSize, Fresh: true})
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

// writeText adds a text with its length, so that no two lists of texts run together.
func writeText(h hash.Hash64, s string) {
	_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(s))))
	_, _ = h.Write([]byte(s))
}
