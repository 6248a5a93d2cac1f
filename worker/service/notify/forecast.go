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

// forecastSeen is what was foreseen.
type forecastSeen struct {
	told  time.Time // what the next one is compared with; zero: nothing was foreseen
	from  time.Time // when that was
	items int64
	later time.Time // since when the forecast has slipped; zero: it has not
}

// look tells when the end of all work moves away although nothing was added.
func (f *forecastSeen) look(o *service.Overview, tell func(*service.Overview, Event)) {
	items, reading := int64(0), false
	for i := range o.Batches {
		items, reading = items+o.Batches[i].Items, reading || o.Batches[i].Incomplete
	}
	switch {
	case o.Run == nil || o.ETA == nil:
		f.later = time.Time{}
		return
	case reading || items != f.items || f.told.IsZero() || o.ETA.Before(f.told):
		*f = forecastSeen{told: *o.ETA, from: o.Time, items: items}
		return
	}
	slip := o.ETA.Sub(f.told)
	if slip <= slipLeast || float64(slip) <= slipShare*float64(f.told.Sub(f.from)) {
		f.later = time.Time{}
		return
	}
	if f.later.IsZero() {
		f.later = o.Time
	}
	if o.Time.Sub(f.later) < slipLasts {
		return
	}
	was := f.told
	tell(o, Event{
		Event: ForecastSlipped, ETA: o.ETA, WasETA: &was,
		Reason:   fmt.Sprintf("all will be done by %s, %d days later than was foreseen; %s", o.ETA.UTC().Format(time.DateOnly), int(slip.Hours()/24), o.Run.Limit),
		NextStep: "`airlift status` says what limits the run",
	})
	*f = forecastSeen{told: *o.ETA, from: o.Time, items: items}
}
