package quota

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/caps"
	"airlift/worker/air"
)

// Lister reads AiR's list of jobs.
type Lister interface {
	List(ctx context.Context, q air.ListQuery) (air.Page, error)
}

// CountAll counts the jobs of others after each [Tracker.Capped], settle later: until then the list may lack jobs. See CountOthers.
func (t *Tracker) CountAll(ctx context.Context, list Lister, settle time.Duration, wait func(context.Context) error, log zerolog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-t.capped:
			if ratelimit.Sleep(ctx, settle) != nil {
				return
			}
			n, err := t.CountOthers(ctx, list, at, wait)
			if err != nil {
				log.Debug().Err(err).Msg("it is not known how many jobs others made until the daily cap was reached")
				continue
			}
			log.Info().Int64("others", n).Msg("counted the jobs that others made until the daily cap was reached")
		}
	}
}

// CountOthers stores how many jobs others made between the reset before capped, when a pause for the daily cap began, and then. wait is called before each
// request, and ends the count with an error.
func (t *Tracker) CountOthers(ctx context.Context, list Lister, capped time.Time, wait func(context.Context) error) (others int64, err error) {
	l, err := t.Learned(ctx, capped)
	if err != nil {
		return 0, err
	}
	from := l.NextReset(capped).AddDate(0, 0, -1)
	c := count{list: list, wait: wait, since: from}
	total, err := c.jobs(ctx)
	if err != nil {
		return 0, err
	}
	if l, err = t.Learned(ctx, capped); err != nil {
		return 0, err
	}
	ours := acceptedIn(l, from)
	if total < ours {
		return 0, fmt.Errorf("AiR lists %d jobs since %s, and accepted %d of this queue alone", total, from.Format(time.RFC3339), ours)
	}
	return total - ours, t.observe(queue.Observation{Kind: queue.SeenOthers, At: capped, From: from, Jobs: total - ours})
}

// acceptedIn returns our jobs of the window that begins at start.
func acceptedIn(l caps.Learned, start time.Time) int64 {
	for _, w := range l.Windows {
		if w.Start.Equal(start) {
			return w.Accepted
		}
	}
	return 0
}

// maxPages bounds the requests of one count.
const maxPages = 60

var (
	errTooMany    = errors.New("AiR's list is too long to count")
	errUnsorted   = errors.New("AiR's list is not in the order of Created")
	errNoDate     = errors.New("AiR's list has a job without a date")
	errContradict = errors.New("AiR's list contradicts itself")
)

// count counts the jobs of an account that were created at or after an instant, in a list with the newest first: it doubles the
// number of the page until that is too old, and then halves the span.
type count struct {
	list  Lister
	wait  func(context.Context) error
	since time.Time
	asked int
	size  int // of a full page
}

// page is what a page shows: how many of its jobs count, and whether all do.
type page struct {
	new, all    int
	first, last time.Time
}

// isOld reports whether the list has come to jobs that do not count, or to its end.
func (p page) isOld() bool { return p.new < p.all || p.all == 0 }

func (c *count) read(ctx context.Context, number int) (p page, err error) {
	if c.asked++; c.asked > maxPages {
		return p, errTooMany
	}
	if err := c.wait(ctx); err != nil {
		return p, err
	}
	got, err := c.list.List(ctx, air.ListQuery{PageNumber: number, Descending: true})
	if err != nil {
		return p, err
	}
	if len(got.Odd) > 0 {
		return p, errNoDate
	}
	for i, j := range got.Jobs {
		created, ok := j.CreatedAt()
		switch {
		case !ok:
			return p, errNoDate
		case i == 0:
			p.first = created
		case created.After(p.last):
			return p, errUnsorted
		}
		p.last = created
		if !created.Before(c.since) {
			p.new++
		}
	}
	p.all = len(got.Jobs)
	return p, nil
}

// jobs returns how many jobs count.
func (c *count) jobs(ctx context.Context) (int64, error) {
	newer, err := c.read(ctx, 1)
	if err != nil || newer.isOld() {
		return int64(newer.new), err
	}
	c.size = newer.all
	low, high := 1, 2 // all jobs of page low count; page high is old
	for {
		p, err := c.next(ctx, high, newer)
		if err != nil {
			return 0, err
		}
		if p.new > 0 && p.isOld() {
			return c.total(high, p), nil
		}
		if p.isOld() {
			break
		}
		low, newer, high = high, p, 2*high
	}
	for high-low > 1 {
		middle := (low + high) / 2
		p, err := c.next(ctx, middle, newer)
		switch {
		case err != nil:
			return 0, err
		case p.new > 0 && p.isOld():
			return c.total(middle, p), nil
		case p.isOld():
			high = middle
		default:
			low, newer = middle, p
		}
	}
	return c.total(low, newer), nil
}

// next reads a page that comes after newer.
func (c *count) next(ctx context.Context, number int, newer page) (page, error) {
	p, err := c.read(ctx, number)
	switch {
	case err != nil:
		return p, err
	case p.all > 0 && p.first.After(newer.last):
		return p, errUnsorted
	case p.all > c.size || p.all > 0 && newer.all < c.size: // a short page ends the list
		return p, errContradict
	}
	return p, nil
}

// total returns the jobs up to those of a page that count.
func (c *count) total(number int, p page) int64 { return int64(number-1)*int64(c.size) + int64(p.new) }
