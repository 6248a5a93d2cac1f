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

// Set returns c with what an operator has set in its place. plain says that a rate was set, so that no table counts; a table,
// windows that are not nil (none: at any time) and a zone replace those of c.
func (c Config) Set(plain bool, table string, windows *[]string, zone string) Config {
	if plain || table != "" {
		c.Rate = table
	}
	if windows != nil {
		c.Windows = *windows
	}
	c.Zone = cmp.Or(zone, c.Zone)
	return c
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
	if c.Rate == "" && len(c.Windows) == 0 && c.Zone == "" {
		return Schedule{}, nil
	}
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

// WithoutTable returns the schedule with its windows alone.
func (s Schedule) WithoutTable() Schedule {
	windows, err := Parse(s.text.Set(true, "", nil, ""))
	if err != nil {
		return s // it was made of the same text
	}
	return windows
}

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

// NextSeen returns the first instant after t at which something else is seen: outside of the windows that is the next time at
// which items may be sent, and not a change of the rate; zero: never.
func (s Schedule) NextSeen(t time.Time) time.Time {
	if !s.At(t).Open {
		return s.NextOpen(t)
	}
	return s.Next(t)
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

// RateAt returns a function that gives the most items a second at an instant, 0 outside of the windows, and until when that
// holds (zero: for ever). It remembers the changes, for a forecast asks for the same ones many times, and is not safe for
// concurrent use. It is nil for a schedule that limits nothing.
func (s Schedule) RateAt() func(time.Time) (float64, time.Time) {
	if len(s.steps) < 2 && s.At(time.Time{}) == (State{Open: true, Rate: rate.Inf}) {
		return nil
	}
	type span struct {
		from, until time.Time
		rate        float64
	}
	var known []span // in order, without gaps
	return func(at time.Time) (float64, time.Time) {
		if len(known) == 0 || at.Before(known[0].from) {
			known = append(known[:0], span{from: at, until: at})
		}
		last := known[len(known)-1]
		for !last.until.IsZero() && !at.Before(last.until) {
			is := s.At(last.until)
			last = span{last.until, s.Next(last.until), perSecond(is.Rate)}
			if !is.Open {
				last.rate = 0
			}
			known = append(known, last)
		}
		i, found := slices.BinarySearchFunc(known, at, func(k span, at time.Time) int { return k.from.Compare(at) })
		if !found {
			i--
		}
		if !known[i].until.IsZero() && !at.Before(known[i].until) {
			i++ // the first one is empty
		}
		return known[i].rate, known[i].until
	}
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

// Text says what is in force at an instant and when that changes, like "1/s until 20:00 (Europe/Berlin), then 20/s".
func (s Schedule) Text(now time.Time) string {
	next := s.NextSeen(now)
	if next.IsZero() {
		return s.word(now)
	}
	return fmt.Sprintf("%s until %s, then %s", s.word(now), s.Clock(next, now), s.word(next))
}

// word says what is in force at an instant.
func (s Schedule) word(at time.Time) string {
	switch is := s.At(at); {
	case !is.Open:
		return "nothing is sent (" + s.Outside() + ")"
	case s.HasTable():
		return ratelimit.FormatRate(is.Rate)
	}
	return "items are sent"
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
