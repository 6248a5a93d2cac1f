package schedule

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
	_ "time/tzdata" // the binary is static, and the machine may have no zones

	"golang.org/x/time/rate"

	"airlift/ratelimit"
)

// minutes of a week, which begins on Sunday as [time.Weekday] does.
const (
	dayMinutes  = 24 * 60
	weekMinutes = 7 * dayMinutes
)

// Config is a schedule as users write it.
type Config struct {
	// Rate is a rate, or a table of rates like "Mon-Fri 08:00 1/s, 20:00 20/s, Sat 50/s"; empty: unlimited.
	Rate string
	// Windows are the times at which items may be sent, like "22:00-06:00" or "Sat,Sun 00:00-24:00"; none: at any time.
	Windows []string
	// Zone is the time zone of both, like "Europe/Berlin"; empty: that of this machine.
	Zone string
}

// State is what holds at an instant.
type State struct {
	// Open says that items may be sent.
	Open bool
	// Rate is the most requests a second.
	Rate rate.Limit
}

// Schedule is a step function of the time of the week. The zero Schedule is always open, at an unlimited rate. It is
// immutable, and so safe for concurrent use.
type Schedule struct {
	zone  *time.Location
	steps []step // in order; each holds until the next, the last until the first of the week after; neighbors differ
	text  Config
}

// step is what holds from a minute of the week on.
type step struct {
	from int
	State
}

// Parse returns the schedule that c describes. Its errors name the part that is wrong, and show the right form.
func Parse(c Config) (Schedule, error) {
	zone, err := parseZone(c.Zone)
	if err != nil {
		return Schedule{}, err
	}
	rates, err := parseRates(c.Rate)
	if err != nil {
		return Schedule{}, err
	}
	var spans []span
	for _, text := range c.Windows {
		more, err := parseWindow(text)
		if err != nil {
			return Schedule{}, err
		}
		spans = append(spans, more...)
	}
	c.Windows = slices.Clone(c.Windows)
	return Schedule{zone: zone, steps: steps(rates, spans), text: c}, nil
}

// steps returns the step function of rates and windows.
func steps(rates []entry, windows []span) (all []step) {
	begins := []int{0}
	for _, r := range rates {
		begins = append(begins, r.from)
	}
	for _, w := range windows {
		begins = append(begins, w.from, w.to%weekMinutes)
	}
	slices.Sort(begins)
	for _, from := range slices.Compact(begins) {
		is := State{Open: len(windows) == 0, Rate: rateAt(rates, from)}
		for _, w := range windows {
			is.Open = is.Open || w.has(from)
		}
		if len(all) == 0 || all[len(all)-1].State != is {
			all = append(all, step{from, is})
		}
	}
	if last := len(all) - 1; last > 0 && all[0].State == all[last].State {
		all = all[1:] // the last of the week before goes on
	}
	return all
}

// Config returns what the schedule was made of.
func (s Schedule) Config() Config { return s.text }

// HasTable reports whether the rate is that of a table.
func (s Schedule) HasTable() bool { return IsTable(s.text.Rate) }

// Lowest returns the lowest rate of the week.
func (s Schedule) Lowest() rate.Limit {
	least := rate.Inf
	for _, st := range s.steps {
		least = min(least, st.Rate)
	}
	return least
}

// Zone is the time zone of the schedule.
func (s Schedule) Zone() *time.Location { return cmp.Or(s.zone, time.Local) }

// At returns what holds at an instant.
func (s Schedule) At(t time.Time) State {
	if len(s.steps) == 0 {
		return State{Open: true, Rate: rate.Inf}
	}
	return s.steps[s.index(minuteOfWeek(t.In(s.Zone())))].State
}

// index returns the step that holds in a minute of the week.
func (s Schedule) index(minute int) int {
	i, found := slices.BinarySearchFunc(s.steps, minute, func(st step, m int) int { return cmp.Compare(st.from, m) })
	switch {
	case found:
		return i
	case i == 0:
		return len(s.steps) - 1 // since the week before
	}
	return i - 1
}

// minuteOfWeek returns the minute that the clock on the wall shows.
func minuteOfWeek(local time.Time) int {
	return int(local.Weekday())*dayMinutes + local.Hour()*60 + local.Minute()
}

// Next returns the first instant after t at which something else holds; zero: never.
func (s Schedule) Next(t time.Time) time.Time {
	if len(s.steps) < 2 {
		return time.Time{}
	}
	was := s.At(t)
	for {
		if t = s.nextStep(t); s.At(t) != was {
			return t
		}
	}
}

// nextStep returns the first instant after t at which a step begins or the clocks change. Between two changes of the clocks
// local time is as even as UTC.
func (s Schedule) nextStep(t time.Time) time.Time {
	local := t.In(s.Zone())
	minute := minuteOfWeek(local)
	i := s.index(minute) + 1
	from := s.steps[i%len(s.steps)].from
	if from <= minute {
		from += weekMinutes
	}
	begun := time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	next := local.Add(time.Duration(from-minute)*time.Minute - begun)
	if offset := offsetAt(local); offsetAt(next) != offset {
		return clockChange(local, next, offset)
	}
	return next
}

// clockChange returns when the clocks change, which is after one instant and not after the other, a week later at most.
// [time.Time.ZoneBounds] does not tell it: of the last day of a leap year it says that the zone has ended before
// (Go 1.26), unless the zone's file lists that year.
func clockChange(before, after time.Time, offset int) time.Time {
	seconds := sort.Search(int(after.Sub(before)/time.Second)+1, func(n int) bool {
		return offsetAt(before.Add(time.Duration(n)*time.Second)) != offset
	})
	return before.Add(time.Duration(seconds) * time.Second).Truncate(time.Second)
}

// offsetAt returns how many seconds local time is ahead of UTC.
func offsetAt(local time.Time) int {
	_, offset := local.Zone()
	return offset
}

// NextOpen returns the first instant from t on at which items may be sent; zero: never.
func (s Schedule) NextOpen(t time.Time) time.Time {
	for !t.IsZero() && !s.At(t).Open {
		t = s.Next(t)
	}
	return t
}

// Items returns how many items can be sent from an instant to another, at most. It is infinite if the rate is unlimited
// at some time between.
func (s Schedule) Items(from, to time.Time) float64 {
	sum := 0.0
	for from.Before(to) {
		is, end := s.At(from), s.Next(from)
		if end.IsZero() || end.After(to) {
			end = to
		}
		if is.Open {
			sum += perSecond(is.Rate) * end.Sub(from).Seconds()
		}
		from = end
	}
	return sum
}

// After returns when so many items can be sent at the earliest, counted from an instant; zero: not within so many years as a
// Duration has.
func (s Schedule) After(from time.Time, items float64) time.Time {
	for limit := from.Add(math.MaxInt64); from.Before(limit); {
		is, end := s.At(from), s.Next(from)
		if end.IsZero() {
			end = limit
		}
		if items <= 0 && is.Open {
			return from
		}
		if is.Open {
			r, span := perSecond(is.Rate), end.Sub(from).Seconds()
			if need := items / r; need < span {
				return from.Add(time.Duration(need * float64(time.Second)))
			}
			items -= r * span
		}
		from = end
	}
	return time.Time{}
}

// perSecond is a rate as a plain number.
func perSecond(r rate.Limit) float64 {
	if r == rate.Inf {
		return math.Inf(1)
	}
	return float64(r)
}

// parseZone returns the time zone of that name.
func parseZone(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: there is none of that name; write one like Europe/Berlin, America/New_York or UTC", name)
	}
	return zone, nil
}

// Text says which rate is in force at an instant and when that changes, like "1/s until 20:00 (Europe/Berlin), then 20/s".
func (s Schedule) Text(now time.Time) string {
	is, next := s.At(now), s.Next(now)
	if next.IsZero() {
		return ratelimit.FormatRate(is.Rate)
	}
	then := s.At(next)
	text, after := ratelimit.FormatRate(is.Rate), ratelimit.FormatRate(then.Rate)
	if !is.Open {
		text = s.Outside() + ", nothing is sent"
	}
	if !then.Open {
		after = "nothing is sent"
	}
	return fmt.Sprintf("%s until %s, then %s", text, s.Clock(next, now), after)
}

// Outside is why nothing is sent outside of the windows.
func (s Schedule) Outside() string { return "outside of " + s.windowText() }

func (s Schedule) windowText() string { return "--window " + strings.Join(s.text.Windows, ", ") }

// Clock writes an instant as the clock on the wall shows it, with its day if it is not within a day from now.
func (s Schedule) Clock(t, now time.Time) string {
	local, zone := t.In(s.Zone()), s.Zone().String()
	if zone == "Local" {
		zone, _ = local.Zone()
	}
	form := "15:04"
	switch away := t.Sub(now); {
	case away >= 7*24*time.Hour:
		form = "2006-01-02 15:04"
	case away >= 24*time.Hour:
		form = "Mon 15:04"
	}
	return fmt.Sprintf("%s (%s)", local.Format(form), zone)
}
