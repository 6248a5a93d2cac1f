package service

import (
	"cmp"
	"context"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/queue/forecast"
	"airlift/queue/learned"
	"airlift/queue/plan"
	"airlift/ratelimit/schedule"
	"airlift/worker"
	"airlift/worker/service/canary"
	"airlift/worker/service/hours"
)

// Status is the status of a batch.
type Status struct {
	Batch string `json:"batch"`
	// Account is the account of the batch.
	Account        string `json:"account"`
	Rows           int64  `json:"rows"`
	Added          int64  `json:"added"`
	Known          int64  `json:"known"`
	Duplicates     int64  `json:"duplicates"`
	Rejected       int64  `json:"rejected"`
	Skipped        int64  `json:"skipped"`
	Items          int64  `json:"items"`
	Pending        int64  `json:"pending"`
	Sending        int64  `json:"sending"`
	InDoubt        int64  `json:"in_doubt"`
	Submitted      int64  `json:"submitted"`
	Failed         int64  `json:"failed"`
	Cancelled      int64  `json:"cancelled"`
	SubmittedToday int64  `json:"submitted_today"`
	State          string `json:"state"`
	Reason         string `json:"reason"`
	// Since is when a stop that is in force began.
	Since       *time.Time `json:"since,omitempty"`
	PausedUntil *time.Time `json:"paused_until"`
	// ByHand says that an operator has paused the batch or all of them; without PausedUntil that has no end of itself.
	ByHand bool       `json:"by_hand,omitempty"`
	Rate   float64    `json:"rate"`
	Limit  string     `json:"limit,omitempty"` // that of [RunOverview]; only `airlift status` sets it
	ETA    *time.Time `json:"eta"`
	// ETARange is between which times it is done; nil: that cannot be forecast.
	ETARange *forecast.Range    `json:"eta_range,omitempty"`
	Errors   []queue.ErrorCount `json:"errors"`
	// Canary is the sample of the batch that is sent before the rest; nil: there is none.
	Canary *canary.Status `json:"canary,omitempty"`
	// PerDay is the daily limit that ETA assumes; PerDayFrom is its source, as in package plan.
	PerDay     *int64 `json:"per_day,omitempty"`
	PerDayFrom string `json:"per_day_from,omitempty"`
	// Learned is what was learned of AiR's limits; nil: nothing.
	Learned *learned.Summary `json:"learned,omitempty"`
	// SkippedBy breaks Skipped down by reason.
	SkippedBy map[string]int64 `json:"skipped_by"`
	// Unmatched tells which patterns of the filters no key matched; only the command that has read the sources knows it.
	Unmatched []string `json:"unmatched,omitempty"`
	// Versions counts the further items of changed objects.
	Versions int64 `json:"versions,omitempty"`
	// Restored counts those of Known that had been withdrawn and are pending again; Replaced the items of earlier readings
	// that --replace has withdrawn.
	Restored int64 `json:"restored,omitempty"`
	Replaced int64 `json:"replaced,omitempty"`
	// AcceptedEarlier counts the items of earlier readings that --replace had to leave as they are, for AiR has accepted
	// them; only the command that has read the sources knows it.
	AcceptedEarlier int64 `json:"accepted_earlier,omitempty"`
	// Unsourced are those of the items that adopt made for jobs of objects that no source showed.
	Unsourced int64 `json:"unsourced,omitempty"`
	// Adopting says that an adoption is not complete.
	Adopting bool `json:"adopting,omitempty"`
	// Unproven says that the latest adoption did not prove that AiR has no other jobs of the batch.
	Unproven bool `json:"unproven,omitempty"`
	// FirstJobs are the first that a run would send, as it would send them; of a dry run alone.
	FirstJobs []queue.Preview `json:"first_jobs,omitempty"`
	// Audit is set by adopt and by reconcile --verify alone.
	Audit *AuditResult `json:"audit,omitempty"`
	// Incomplete says that the latest reading did not come to its end, or has not yet.
	Incomplete bool `json:"incomplete"`

	// Month is the use of the user's monthly limit, by all batches of the account; nil: there is none.
	Month *Month `json:"month,omitempty"`
	// Hours are the rate table and the windows in force; nil: there are none.
	Hours *hours.Hours `json:"hours,omitempty"`
	// AssumedRate is the rate in requests a second that ETA assumes while no run shows its own; at least [UnlimitedRate] without
	// a limit.
	AssumedRate *float64 `json:"assumed_rate,omitempty"`
}

// Total sums the items of batches by state, and their rejected rows.
func Total(all ...Status) (sum Status) {
	for i := range all {
		s := &all[i]
		sum.Items += s.Items
		sum.Pending += s.Pending
		sum.Sending += s.Sending
		sum.InDoubt += s.InDoubt
		sum.Submitted += s.Submitted
		sum.Failed += s.Failed
		sum.Cancelled += s.Cancelled
		sum.Rejected += s.Rejected
	}
	return sum
}

// Left counts the unfinished items.
func (s *Status) Left() int64 { return s.Pending + s.Sending + s.InDoubt }

// StatusQuery asks for the status of batches.
type StatusQuery struct {
	// Batches are the ids; none: all, oldest first.
	Batches []string
	// Now is the time by AiR's clock; zero: the time by our own clock.
	Now time.Time
	// Limits are those that a forecast assumes, beside what the queue has stored; nil: no forecast.
	Limits *plan.Limits
	// InTurn says that the batches take turns, in proportion to their shares.
	InTurn bool
	// Run is the snapshot of the run that works the batches; nil: there is none.
	Run *worker.Snapshot
}

// AssumedLimits are what a forecast assumes of a run that is not in progress.
type AssumedLimits struct {
	Rate rate.Limit
	// DailyLimit is the most jobs a UTC day; 0: none.
	DailyLimit int64
	// Hours are a rate table and windows, beside Rate.
	Hours schedule.Schedule
}

// limits returns the limits of a forecast; nil: none is asked for.
func (a *AssumedLimits) limits() *plan.Limits {
	if a == nil {
		return nil
	}
	l := plan.NewLimits(a.Rate, a.DailyLimit)
	l.Hours = a.Hours
	return &l
}

// assumedOf returns what [AssumedLimits.limits] made limits of.
func assumedOf(l *plan.Limits) *AssumedLimits {
	if l == nil {
		return nil
	}
	return new(AssumedOf(*l))
}

// AssumedOf returns limits of a user as a forecast assumes them.
func AssumedOf(l plan.Limits) AssumedLimits {
	a := AssumedLimits{Rate: rate.Limit(l.Rate), DailyLimit: l.PerDay, Hours: l.Hours}
	if l.Rate >= UnlimitedRate {
		a.Rate = rate.Inf
	}
	return a
}

// Status returns the status of batches.
func (s *Service) Status(ctx context.Context, q StatusQuery) ([]Status, error) {
	batches, err := s.Named(ctx, q.Batches...)
	if err != nil {
		return nil, err
	}
	now, skew := time.Now(), time.Duration(0)
	if !q.Now.IsZero() {
		now, skew = q.Now, q.Now.Sub(now)
	}
	forecasts := outlooks{now: now, skew: skew, limits: map[string]plan.Limits{}}
	var all []Status
	for _, b := range batches {
		st, err := s.stored(ctx, b, queue.DayOf(now))
		if err != nil {
			return nil, err
		}
		if q.Run != nil {
			st.addRun(*q.Run)
		}
		st.addCanary(q.Run)
		st.pauseByHand(b.Control.PausedAt(time.Now()), b.Control.PausedUntil, b.Control.Reason)
		all = append(all, st)
		if q.Limits == nil {
			continue
		}
		ahead := int64(0)
		if q.InTurn {
			ahead = sentMeanwhile(b, batches)
		}
		if _, known := forecasts.limits[b.AccountName()]; !known {
			if forecasts.limits[b.AccountName()], err = s.assumed(ctx, q, b.AccountName(), now); err != nil {
				return nil, err
			}
		}
		all[len(all)-1].Month = monthOf(forecasts.limits[b.AccountName()])
		forecasts.add(b.AccountName(), &all[len(all)-1], len(all)-1, ahead)
	}
	forecasts.set(all)
	return all, nil
}

// assumed returns the limits that a forecast of the batches of an account assumes. now is the time by AiR's clock.
func (s *Service) assumed(ctx context.Context, q StatusQuery, account string, now time.Time) (plan.Limits, error) {
	limits := *q.Limits
	if q.Run == nil {
		return limits, limits.Load(ctx, s.c.Store, account, now)
	}
	if err := limits.Learn(ctx, s.c.Store, account, now); err != nil { // what operators have set is that of the run
		return limits, err
	}
	return underway(limits, *q.Run), nil
}

// sentMeanwhile returns how many items of the account's other batches are sent until all of b are, if they take turns.
func sentMeanwhile(b queue.Batch, batches []queue.Batch) (n int64) {
	for _, other := range batches {
		if other.ID != b.ID && other.AccountName() == b.AccountName() && !other.Control.PausedAt(time.Now()) {
			n += min(other.Counts.Pending, b.Counts.Pending*int64(other.Control.Weight())/int64(b.Control.Weight()))
		}
	}
	return n
}

// stored returns the status of a batch from the stored data. today is the day whose jobs are counted.
func (s *Service) stored(ctx context.Context, b queue.Batch, today queue.Day) (Status, error) {
	account, err := s.c.Store.Account(ctx, b.Account, today)
	if err != nil {
		return Status{}, err
	}
	st := statusOf(b)
	st.Canary = canary.Of(b.Control.Trial)
	st.SubmittedToday = account.Day.Submitted
	inForce := plan.InForce(account.Gate, time.Now())
	st.State, st.PausedUntil = inForce.State()
	st.Reason, st.Hours = inForce.Reason, hours.Set(account.Control, time.Now())
	if inForce.Stopped && !inForce.Since.IsZero() {
		since := inForce.Since.UTC()
		st.Since = &since
	}
	c := account.Control
	st.pauseByHand(c.PausedAt(time.Now()), c.PausedUntil, c.Reason)
	return st, nil
}

// pauseByHand shows an operator's pause of the account or of the batch, unless a stop is in force, which is graver.
func (s *Status) pauseByHand(inForce bool, until time.Time, reason string) {
	if !inForce || s.State == string(worker.Stopped) {
		return
	}
	s.State, s.Reason, s.ByHand, s.PausedUntil = string(worker.Paused), cmp.Or(strings.Join(strings.Fields(reason), " "), "paused by hand"), true, nil
	if !until.IsZero() {
		until = until.UTC()
		s.PausedUntil = &until
	}
}

// statusOf returns the status fields that come from the batch itself.
func statusOf(b queue.Batch) Status {
	r, c := b.Reading, b.Counts
	st := Status{
		Batch: b.ID, Account: b.AccountName(), Rows: r.Rows, Added: r.Added, Known: r.Known, Duplicates: r.Duplicates, Rejected: r.Rejected, Skipped: r.Skipped,
		Items: c.Items, Pending: c.Pending, Sending: c.Sending, InDoubt: c.InDoubt, Submitted: c.Submitted, Failed: c.Failed,
		Cancelled: c.Cancelled, Errors: b.Errors, Versions: b.Versions, Unsourced: b.Unsourced, Adopting: b.Adopting, Unproven: b.Unproven,
		SkippedBy: r.SkippedBy, Incomplete: !r.Started.IsZero() && !r.Complete, Restored: r.Restored, Replaced: r.Withdrawn,
	}
	if st.Errors == nil {
		st.Errors = []queue.ErrorCount{}
	}
	if st.SkippedBy == nil {
		st.SkippedBy = map[string]int64{}
	}
	return st
}

// addRun adds what only the running pool knows.
func (s *Status) addRun(p worker.Snapshot) {
	s.State, s.Reason, s.Rate, s.ByHand = string(p.Activity), p.Reason, p.Rate, p.ByHand
	s.PausedUntil, s.Since, s.Hours = nil, nil, hours.Of(p.Hours, time.Now())
	if p.Activity == worker.Paused && !p.PausedUntil.IsZero() {
		until := p.PausedUntil.UTC()
		s.PausedUntil = &until
	}
}

// underway returns the limits of a run: it may pause for reasons that are not stored, and be slower than its limit.
func underway(l plan.Limits, p worker.Snapshot) plan.Limits {
	l.PausedUntil = time.Time{}
	if p.Activity == worker.Paused {
		l.PausedUntil = p.PausedUntil
	} else if p.Rate > 0 && !l.Hours.HasTable() { // the table may soon have another rate
		l.Pace = p.Rate
	}
	return l
}
