package queue

import (
	"errors"
	"math"
	"slices"
	"time"
)

// Control is what an operator has set for an account. It is kept until it is changed. The zero Control sets nothing.
type Control struct {
	// Paused says that nothing is sent, by an operator's decision. It ends neither by itself, unless PausedUntil is set, nor by what
	// AiR answers.
	Paused bool `json:"paused,omitempty"`
	// PausedUntil is when the pause ends by itself; zero: not until it is resumed.
	PausedUntil time.Time `json:"paused_until,omitzero"`
	// Reason is why it is paused, in the operator's words.
	Reason string `json:"reason,omitempty"`
	// Rate is the most requests a second; 0: not set.
	Rate float64 `json:"rate,omitempty"`
	// AutoRate says that the rate is the one that AiR is found to bear; Rate is then not set.
	AutoRate bool `json:"auto_rate,omitempty"`
	// MaxRate is the highest rate of AutoRate in requests a second; 0: not set.
	MaxRate float64 `json:"max_rate,omitempty"`
	// Workers is how many requests are under way at once; 0: not set.
	Workers int `json:"workers,omitempty"`
	// DailyLimit is our own cap a UTC day; nil: not set; 0: none.
	DailyLimit *int64 `json:"daily_limit,omitempty"`
	// MonthlyLimit is our own cap a calendar month; nil: not set; 0: none.
	MonthlyLimit *int64 `json:"monthly_limit,omitempty"`
	// RateTable is a table of rates by the time of the week, in place of Rate; empty: not set.
	RateTable string `json:"rate_table,omitempty"`
	// Windows are the times at which items may be sent; nil: not set; none: at any time.
	Windows *[]string `json:"windows,omitempty"`
	// TimeZone is that of both; empty: not set.
	TimeZone string `json:"time_zone,omitempty"`
}

// MaxShare is the largest share of a batch.
const MaxShare = 100

// BatchControl is what an operator has set for a batch. It is kept until it is changed. The zero BatchControl sets nothing.
type BatchControl struct {
	// Share is the batch's weight when the batches of an account take turns, from 1 to [MaxShare]; 0: the default, 1.
	Share int `json:"share,omitempty"`
	// Paused says that no item of the batch is sent. PausedUntil and Reason are as in [Control].
	Paused      bool      `json:"paused,omitempty"`
	PausedUntil time.Time `json:"paused_until,omitzero"`
	Reason      string    `json:"reason,omitempty"`
	// Trial is the sample of the batch that is sent before the rest; nil: there is none.
	Trial *Trial `json:"trial,omitempty"`
}

// TrialState is how far a [Trial] has come.
type TrialState string

const (
	// TrialRunning: nothing but the sample is sent, until AiR has ended its jobs.
	TrialRunning TrialState = "running"
	// TrialPassed: few enough failed, and the rest is sent.
	TrialPassed TrialState = "passed"
	// TrialFailed: too many failed, and nothing more is sent.
	TrialFailed TrialState = "failed"
	// TrialWaived: an operator has decided to send the rest without the result, or against it.
	TrialWaived TrialState = "waived"
)

// MaxTrial is the largest number of items of a [Trial].
const MaxTrial = 1000

// Trial is a sample of a batch, whose jobs must end well at AiR before the rest is sent.
type Trial struct {
	State TrialState `json:"state"`
	// Asked is when it was asked for: it tells one trial from the next.
	Asked time.Time `json:"asked"`
	// Version counts the changes of this trial.
	Version int `json:"version"`
	// Size is how many items it has, and MaxFailed how many of them may fail or be cancelled.
	Size      int `json:"size"`
	MaxFailed int `json:"max_failed"`
	// Seqs are its items, while it is running.
	Seqs []uint64 `json:"items,omitempty"`
	// Ended is when it was decided, Completed and Failed how its jobs ended, and Text says why it failed.
	Ended     time.Time `json:"ended,omitzero"`
	Completed int       `json:"completed,omitempty"`
	Failed    int       `json:"failed,omitempty"`
	Text      string    `json:"text,omitempty"`
}

// Holds reports whether the rest of the batch is not to be sent.
func (t *Trial) Holds() bool { return t != nil && (t.State == TrialRunning || t.State == TrialFailed) }

// After reports whether t replaces another state of a batch's trial: it is a later trial, or a later state of the same.
func (t *Trial) After(other *Trial) bool {
	switch {
	case t == nil || other == nil:
		return t != nil
	case !t.Asked.Equal(other.Asked):
		return t.Asked.After(other.Asked)
	}
	return t.Version > other.Version
}

// Waive returns t without what holds the batch.
func (t *Trial) Waive(now time.Time) *Trial {
	waived := *t
	waived.State, waived.Version, waived.Seqs, waived.Ended = TrialWaived, t.Version+1, nil, now.UTC()
	return &waived
}

// Validate reports what cannot be set.
func (c Control) Validate() error {
	switch {
	case !(c.Rate >= 0) || math.IsInf(c.Rate, 1):
		return errors.New("the rate must not be below 0")
	case !(c.MaxRate >= 0) || math.IsInf(c.MaxRate, 1):
		return errors.New("the highest rate must not be below 0")
	case c.AutoRate && (c.Rate > 0 || c.RateTable != ""):
		return errors.New("a rate is either fixed or found")
	case c.Workers < 0:
		return errors.New("the number of workers must not be below 0")
	case c.DailyLimit != nil && *c.DailyLimit < 0:
		return errors.New("the daily limit must not be below 0")
	case c.MonthlyLimit != nil && *c.MonthlyLimit < 0:
		return errors.New("the monthly limit must not be below 0")
	}
	return nil
}

// SetAuto sets AutoRate, or unsets it if a rate or a table is set instead, and MaxRate unless it is nil.
func (c *Control) SetAuto(auto, fixed bool, most *float64) {
	switch {
	case auto:
		c.AutoRate, c.Rate, c.RateTable = true, 0, ""
	case fixed:
		c.AutoRate = false
	}
	if most != nil {
		c.MaxRate = *most
	}
}

// PausedAt reports whether the operator's pause is in force at an instant.
func (c Control) PausedAt(now time.Time) bool { return pausedAt(c.Paused, c.PausedUntil, now) }

// Clone returns a copy that shares nothing with c.
func (c Control) Clone() Control {
	if c.DailyLimit != nil {
		limit := *c.DailyLimit
		c.DailyLimit = &limit
	}
	if c.MonthlyLimit != nil {
		limit := *c.MonthlyLimit
		c.MonthlyLimit = &limit
	}
	if c.Windows != nil {
		windows := slices.Clone(*c.Windows)
		c.Windows = &windows
	}
	return c
}

// Validate reports what cannot be set.
func (c BatchControl) Validate() error {
	if c.Share < 0 || c.Share > MaxShare {
		return errors.New("the share must be from 1 to 100, or 0 for the default")
	}
	if t := c.Trial; t != nil && (t.Size < 0 || t.Size > MaxTrial || len(t.Seqs) > MaxTrial || t.MaxFailed < 0) {
		return errors.New("a sample has at most 1000 items")
	}
	return nil
}

// PausedAt reports whether the operator's pause of the batch is in force at an instant.
func (c BatchControl) PausedAt(now time.Time) bool { return pausedAt(c.Paused, c.PausedUntil, now) }

// Weight is the share, or the default.
func (c BatchControl) Weight() int { return max(c.Share, 1) }

func pausedAt(paused bool, until, now time.Time) bool {
	return paused && (until.IsZero() || now.Before(until))
}
