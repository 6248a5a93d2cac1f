package plan

import (
	"math"
	"time"

	"airlift/queue"
	"airlift/queue/forecast"
)

// Plan is what a run would do: the object of `airlift plan --json`.
type Plan struct {
	Batch string `json:"batch"`
	// Exists says that the queue has the batch.
	Exists     bool  `json:"exists"`
	Rows       int64 `json:"rows"`
	New        int64 `json:"new"`
	Known      int64 `json:"known"`
	Duplicates int64 `json:"duplicates"`
	Rejected   int64 `json:"rejected"`
	Skipped    int64 `json:"skipped"`
	// Complete is false if a source broke off.
	Complete bool            `json:"complete"`
	Skips    []SkippedAmount `json:"skips"`
	// Unmatched tells which patterns of the filters no key matched.
	Unmatched []string `json:"unmatched,omitempty"`
	// Rejects are the first rejected rows.
	Rejects []Reject `json:"rejects"`
	// Queue is what the batch has in the queue.
	Queue queue.Counts `json:"queue"`
	// ToSend is the new items and those of the batch that are not sent yet; the breakdown is of these.
	ToSend Amount `json:"to_send"`
	// FirstJobs are the first of these, as they would be sent.
	FirstJobs []queue.Preview `json:"first_jobs"`
	Types     []TypeAmount    `json:"types"`
	Sizes     []SizeAmount    `json:"sizes"`
	Prefixes  []PrefixAmount  `json:"prefixes"`
	// OtherPrefixes is what lies under none of Prefixes.
	OtherPrefixes Amount `json:"other_prefixes"`
	// Minutes is the total duration of the items in ToSend whose duration --preflight found; Timed is their number.
	Minutes float64 `json:"minutes"`
	Timed   int64   `json:"timed"`
	// AudioChannels counts the items among ToSend whose audio channels --preflight found, by their number.
	AudioChannels []ChannelsAmount `json:"audio_channels"`

	// State is that of the account, as in `status`: idle, paused or stopped, with the reason.
	State       string     `json:"state"`
	Reason      string     `json:"reason"`
	PausedUntil *time.Time `json:"paused_until"`
	// Rate is in requests a second, null for no limit; PerDay the most jobs a UTC day, null if none is known.
	Rate *float64 `json:"rate"`
	// RateTable and Windows are those of the hours in force; empty: none.
	RateTable  string   `json:"rate_table,omitempty"`
	Windows    []string `json:"windows,omitempty"`
	PerDay     *int64   `json:"per_day"`
	PerDayFrom string   `json:"per_day_from"`
	// Days counts the UTC days on which something is sent; Finish is null if it cannot be forecast.
	Days   int64      `json:"days"`
	Finish *time.Time `json:"finish"`
	// FinishRange is between which times it is done; nil: that cannot be forecast.
	FinishRange *forecast.Range `json:"finish_range,omitempty"`
	// Saved is the file of --save.
	Saved string `json:"saved,omitempty"`

	// Since is when the pause or stop began.
	Since time.Time `json:"-"`
}

// Reject is a rejected row.
type Reject struct {
	Line   int64  `json:"line"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

// forecast fills in when the items to send will be submitted within the limits, as learned.
func (p *Plan) forecast(l Limits, now time.Time) {
	p.State, p.PausedUntil = l.State()
	p.Reason, p.Since = l.Reason, l.Since
	if l.Hours.HasTable() {
		p.RateTable = l.Hours.Config().Rate
	}
	p.Windows = l.Hours.Config().Windows
	if !math.IsInf(l.Rate, 1) {
		p.Rate = &l.Rate
	}
	if l.PerDayFrom != NoDailyLimit {
		p.PerDay, p.PerDayFrom = &l.PerDay, l.PerDayFrom
	}
	f := l.Input(p.ToSend.Items-p.Queue.Sending-p.Queue.InDoubt, now).Forecast()
	p.Days = f.Active
	if p.ToSend.Items > 0 {
		p.Finish, p.FinishRange = f.Range()
	}
}
