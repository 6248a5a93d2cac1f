package queue

import (
	"fmt"
	"time"
)

// DefaultAccount is the AiR account of a batch that names none.
const DefaultAccount = "default"

// AccountState is what is stored of an AiR account. Gate, stop, rate and daily counts belong to an account.
type AccountState struct {
	Gate   Gate   `json:"gate"`
	Server Server `json:"server"`
	// Control is what an operator has set.
	Control Control `json:"control"`
	// Day is the use on the requested day.
	Day DayCount `json:"day"`
}

// Gate is the stored part of an account's gate, which outlives a restart. The zero Gate is open.
type Gate struct {
	// PausedUntil is when a pause ends, by our clock; zero: not paused.
	PausedUntil time.Time `json:"paused_until,omitzero"`
	// QuotaUntil is when the monthly quota is renewed for which the pause is; zero: it is for something else.
	QuotaUntil time.Time `json:"quota_until,omitzero"`
	// Pauses counts the pauses in a row that ended in another 429, without an accepted job between.
	Pauses int `json:"pauses,omitempty"`
	// Refused is when AiR last refused a job for its cap, by AiR's clock; zero: not since a job was accepted.
	Refused time.Time `json:"refused,omitzero"`
	// Stopped is set by a 403 that may be the monthly quota: only canaries are sent until one is accepted.
	Stopped bool `json:"stopped,omitempty"`
	// Reason says in words why the gate is shut. Since is when it was shut.
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

// Server is what the queue stores about an account's AiR server, so that a run need not learn it again: which
// address it has, and the offset of its clock.
type Server struct {
	// Address is the base URL at which a job of the account was last accepted; empty: none was.
	Address string `json:"address,omitempty"`
	// Clock is the offset of AiR's clock in use; zero: none was learned.
	Clock ClockOffset `json:"clock,omitzero"`
	// NextClock is a different offset that later answers show; zero: none. It replaces Clock once it has been stable for some time.
	NextClock ClockOffset `json:"next_clock,omitzero"`
	// Rate is what AiR was found to bear; zero: it was not tried.
	Rate LearnedRate `json:"rate,omitzero"`
}

// LearnedRate is a rate that AiR bore.
type LearnedRate struct {
	// Value is in requests a second.
	Value float64 `json:"value"`
	// When is when it was last in use, by our clock.
	When time.Time `json:"when"`
}

// ClockOffset is how far AiR's clock is from ours.
type ClockOffset struct {
	// Offset is to be added to our clock.
	Offset time.Duration `json:"offset"`
	// Since is when the offset was first seen, by our clock.
	Since time.Time `json:"since"`
}

// Quarters is how many quarters of an hour a day has.
const Quarters = 96

// DayCount is what an account used of one server day, and what was seen of AiR's limits on it. All instants are by AiR's
// clock. Files of earlier versions have the first three fields only.
type DayCount struct {
	// Claimed is what counts against the daily limit: every claim, less what is proven not accepted.
	Claimed int64 `json:"claimed"`
	// Submitted counts the jobs accepted from claims of that day.
	Submitted int64 `json:"submitted"`
	// Capped is set if AiR said on that day that its daily cap is reached (429).
	Capped bool `json:"capped,omitempty"`
	// CappedAt is the first refusal of the day's latest pause for the cap; zero: none.
	CappedAt time.Time `json:"capped_at,omitzero"`
	// QuotaAt is the first refusal for the monthly quota (403) since a job was last accepted.
	QuotaAt time.Time `json:"quota_at,omitzero"`
	// CappedClaims and QuotaClaims are what was claimed by CappedAt and QuotaAt. If more jobs were accepted, AiR has raised the limit.
	CappedClaims int64 `json:"capped_claims,omitempty"`
	QuotaClaims  int64 `json:"quota_claims,omitempty"`
	// Resets are the latest two ends of pauses for the cap that fell on the day, the later one last.
	Resets [2]Resumption `json:"resets,omitzero"`
	// Others are the jobs that others made until CappedAt, by AiR's list.
	Others OthersSeen `json:"others,omitzero"`
	// Expected is what was forecast for the day at its beginning.
	Expected Expected `json:"expected,omitzero"`
	// Quarter is the quarter of an hour since midnight to which the submitted jobs count that Closed does not have yet.
	Quarter int `json:"quarter,omitempty"`
	// Closed are the jobs accepted in each quarter of an hour. [DayCount.ByQuarter] has all of them.
	Closed [Quarters]int64 `json:"closed,omitzero"`
}

// Resumption is the end of a pause for the cap: AiR's reset lies after Refused and not after Resumed. The zero value: there was none.
type Resumption struct {
	// Refused is the last refusal of the pause, and Resumed the first acceptance after it.
	Refused time.Time `json:"refused,omitzero"`
	Resumed time.Time `json:"resumed,omitzero"`
	// Refusals counts the refusals of the pause.
	Refusals int64 `json:"refusals,omitempty"`
}

// OthersSeen is how many jobs of an account AiR's list had in a span beyond our own. The zero value: not known.
type OthersSeen struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Jobs  int64     `json:"jobs"`
}

// Expected is a forecast. The zero value: none was made.
type Expected struct {
	// At is when it was made.
	At time.Time `json:"at"`
	// Low to High are the jobs of the whole day, those before At included.
	Low  int64 `json:"low"`
	High int64 `json:"high"`
	// Left is how many items were left then; they were expected to be sent from From to To; zero: no end was in sight.
	Left int64     `json:"left"`
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// ByQuarter returns the submitted jobs by quarter of an hour since midnight.
func (c *DayCount) ByQuarter() [Quarters]int64 {
	all := c.Closed
	rest := c.Submitted
	for _, n := range all {
		rest -= n
	}
	if c.Quarter >= 0 && c.Quarter < Quarters {
		all[c.Quarter] = max(0, all[c.Quarter]+rest) // a job that was given back
	}
	return all
}

// ObservationKind says what was seen of AiR's limits.
type ObservationKind string

const (
	// SeenQuarter: a quarter of an hour began in which jobs are sent.
	SeenQuarter ObservationKind = "quarter"
	// SeenCap: AiR refused a job for the daily cap, after it had accepted one.
	SeenCap ObservationKind = "cap"
	// SeenQuota: AiR refused a job for the monthly quota.
	SeenQuota ObservationKind = "quota"
	// SeenReset: AiR accepted a job after it had refused Jobs others for the cap, the last at From.
	SeenReset ObservationKind = "reset"
	// SeenOthers: from From until At others made Jobs jobs.
	SeenOthers ObservationKind = "others"
	// MadeForecast: a forecast was made. The first one of a day is kept.
	MadeForecast ObservationKind = "forecast"
)

// Observation is what a run saw of AiR's limits. It is stored with the day of At.
type Observation struct {
	Kind ObservationKind
	// At and From are by AiR's clock.
	At, From time.Time
	Jobs     int64
	Expected Expected
}

// Note adds an observation of that day.
func (c *DayCount) Note(o Observation) {
	at, from := o.At.UTC().Round(0), o.From.UTC().Round(0)
	switch o.Kind {
	case SeenQuarter:
		c.Closed = c.ByQuarter()
		c.Quarter = QuarterOf(at)
	case SeenCap:
		c.Capped, c.CappedAt, c.CappedClaims, c.Others = true, at, c.Claimed, OthersSeen{}
	case SeenQuota:
		if c.QuotaAt.IsZero() || c.Submitted > c.QuotaClaims {
			c.QuotaAt, c.QuotaClaims = at, c.Claimed
		}
	case SeenReset:
		c.Resets = [2]Resumption{c.Resets[1], {from, at, o.Jobs}}
	case SeenOthers:
		c.Others = OthersSeen{From: from, Until: at, Jobs: o.Jobs}
	case MadeForecast:
		if c.Expected.At.IsZero() {
			c.Expected = o.Expected
		}
	}
}

// QuarterOf returns the quarter of an hour since midnight UTC.
func QuarterOf(t time.Time) int {
	t = t.UTC()
	return t.Hour()*4 + t.Minute()/15
}

// Start returns the instant at which the day begins.
func (d Day) Start() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// MonthStart returns the first day of the day's calendar month.
func (d Day) MonthStart() Day { return d - Day(d.Start().Day()-1) }

// CollectDays calls day for each day from the first to the last, for [Reader].
func CollectDays(first, last Day, day func(Day) (DayCount, error)) ([]DayCount, error) {
	if n := int64(last) - int64(first) + 1; n > MaxDays {
		return nil, fmt.Errorf("%d days at a time, at most %d", n, MaxDays)
	}
	var all []DayCount
	for d := first; d <= last; d++ {
		c, err := day(d)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}
