package notify

import (
	"fmt"
	"time"

	"airlift/worker/service"
)

const (
	// A forecast has slipped if it is later by more than slipLeast, and by more than slipShare of what it said was left.
	slipLeast = 24 * time.Hour
	slipShare = 0.1
	// slipLasts is how long it must stay so: a forecast follows the rate of the last minute.
	slipLasts = 30 * time.Minute
)

// forecastSeen is what was foreseen for an account.
type forecastSeen struct {
	told   time.Time // what the next one is compared with; zero: nothing was foreseen
	from   time.Time // when that was
	items  int64
	later  time.Time // since when the forecast has slipped; zero: it has not
	missed bool      // it was told that the forecasts of the latest days did not hold
}

// look returns why the forecast has slipped, with the end that was foreseen before; empty: it has not, or that was told.
func (f *forecastSeen) look(o *service.Overview, a *service.AccountOverview) (why string, was *time.Time) {
	eta, missed := o.ETA, ""
	if a.Forecast != nil {
		eta, missed = a.Forecast.ETA, a.Forecast.Missed
	}
	items, reading := int64(0), false
	for i := range o.Batches {
		items, reading = items+o.Batches[i].Items, reading || o.Batches[i].Incomplete
	}
	if a.Run == nil || eta == nil {
		f.later = time.Time{}
		return "", nil
	}
	now := forecastSeen{told: *eta, from: o.Time, items: items, missed: missed != ""}
	switch before := f.told; {
	case f.told.IsZero() || reading || items != f.items || eta.Before(f.told):
		now.missed = now.missed && f.missed
		*f = now
	case missed != "" && !f.missed:
		*f = now
		return missed, &before
	case f.hasSlipped(o.Time, *eta):
		*f = now
		return fmt.Sprintf("all will be done by %s, %d days later than was foreseen; %s", eta.UTC().Format(time.DateOnly), int(eta.Sub(before).Hours()/24), a.Run.Limit), &before
	}
	f.missed = f.missed && missed != ""
	return "", nil
}

// hasSlipped reports whether the end is much later than was told, and has been for a while.
func (f *forecastSeen) hasSlipped(now, eta time.Time) bool {
	slip := eta.Sub(f.told)
	if slip <= slipLeast || float64(slip) <= slipShare*float64(f.told.Sub(f.from)) {
		f.later = time.Time{}
		return false
	}
	if f.later.IsZero() {
		f.later = now
	}
	return now.Sub(f.later) >= slipLasts
}
