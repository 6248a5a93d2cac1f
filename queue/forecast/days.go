package forecast

import (
	"math"
	"slices"
	"time"
)

// dayTable counts what each future sends on each of the coming days.
type dayTable struct {
	first   instant // a midnight
	futures int
	jobs    [][]float64 // by day, then by future
}

func (t *dayTable) begin(now time.Time, futures int) {
	t.first, t.futures = now.UnixNano()/day*day, futures
}

// of returns what counts the jobs of a future; nil if there is no table.
func (t *dayTable) of(future int) func(at instant, n float64) {
	if t == nil {
		return nil
	}
	return func(at instant, n float64) {
		i := int((at - t.first) / day)
		if i >= mostDays {
			return
		}
		for len(t.jobs) <= i {
			t.jobs = append(t.jobs, make([]float64, t.futures))
		}
		t.jobs[i][future] += n
	}
}

// rows returns the range of each day until the items are sent.
func (t *dayTable) rows(items int64) []Day {
	var all []Day
	done, before := 0.0, int64(0)
	for i, jobs := range t.jobs {
		for _, n := range jobs {
			done += n / float64(len(jobs))
		}
		slices.Sort(jobs)
		sent := whole(done)
		all = append(all, Day{Day: timeOf(t.first + instant(i)*day), Low: whole(quantile(jobs, (1-Likelihood)/2)), Middle: sent - before,
			High: whole(quantile(jobs, (1+Likelihood)/2)), Left: max(items-sent, 0)})
		before = sent
	}
	for len(all) > 0 && all[len(all)-1].High == 0 && all[len(all)-1].Middle == 0 {
		all = all[:len(all)-1]
	}
	return all
}

func whole(n float64) int64 { return int64(math.Round(n)) }

// activeDays counts the UTC days on which an item is completed; a part of an item carries over to the next day.
type activeDays struct {
	n    int64
	sum  float64
	last int64
}

// roundingError exceeds the rounding error of a day's items, in items.
const roundingError = 1e-6

func (a *activeDays) add(at instant, n float64) {
	before := math.Floor(a.sum + roundingError)
	a.sum += n
	if today := at / day; today != a.last && math.Floor(a.sum+roundingError) > before {
		a.n, a.last = a.n+1, today
	}
}
