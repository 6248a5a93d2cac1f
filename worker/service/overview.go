package service

import (
	"cmp"
	"context"
	"os"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/queue/learned"
	"airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/openjobs"
	"airlift/worker/pace"
	"airlift/worker/service/eventlog"
	"airlift/worker/service/hours"
	"airlift/worker/service/limitedby"
)

// OverviewSchema is the version of [Overview]'s form.
const OverviewSchema = 1

// Overview is the whole view of a queue and of the run that works it.
type Overview struct {
	Schema int       `json:"schema"`
	Time   time.Time `json:"time"`
	// Queue is where the queue is.
	Queue string `json:"queue"`
	// Batches are all batches, oldest first.
	Batches []BatchOverview `json:"batches"`
	// Accounts are those that have batches or a run, by name; never empty. Account is the chosen one of them.
	Accounts []AccountOverview `json:"accounts"`
	Account  AccountOverview   `json:"account"`
	// InDoubt counts the items in doubt of all batches.
	InDoubt int64 `json:"in_doubt"`
	// Run is the run of Account; nil: there is none.
	Run *RunOverview `json:"run"`
	// ETA is when all batches of the runs are done; nil: that is not known, or nothing is left.
	ETA *time.Time `json:"eta"`
	// Errors sum up the failed items of all batches by code, the most frequent first; at most 10.
	Errors []ErrorOverview `json:"errors"`
	// Events are the latest lines of the log, oldest first; at most 50.
	Events []eventlog.Event `json:"events"`
}

// BatchOverview is how a batch stands.
type BatchOverview struct {
	Status
	// Worked says that the run works it.
	Worked bool `json:"worked"`
	// Share is the weight of the batch when batches take turns, from 1 to 100.
	Share int `json:"share"`
	// ByHand is an operator's pause of the batch that is in force; nil: there is none.
	ByHand *HandPause `json:"paused_by_hand,omitempty"`
}

// HandPause is a pause by an operator.
type HandPause struct {
	// Until is when it ends by itself; nil: not until it is resumed.
	Until  *time.Time `json:"until"`
	Reason string     `json:"reason"`
}

// handPause returns a pause in force.
func handPause(until time.Time, reason string) *HandPause {
	p := &HandPause{Reason: reason}
	if !until.IsZero() {
		until = until.UTC()
		p.Until = &until
	}
	return p
}

// AccountOverview is how an AiR account stands.
type AccountOverview struct {
	Name string `json:"name"`
	// State is that of a [Status].
	State       string     `json:"state"`
	Reason      string     `json:"reason"`
	Since       *time.Time `json:"since,omitempty"`
	PausedUntil *time.Time `json:"paused_until"`
	// ByHand is an operator's pause of the account that is in force; nil: there is none.
	ByHand *HandPause `json:"paused_by_hand,omitempty"`
	// Submitted counts the jobs of today, by AiR's clock.
	Submitted int64 `json:"submitted_today"`
	// DailyLimit is the user's daily limit; nil: none is set. LearnedCap is AiR's, as in package plan; nil: it was not met.
	DailyLimit *int64 `json:"daily_limit"`
	LearnedCap *int64 `json:"learned_cap"`
	// Learned is all that was learned of AiR's limits; nil: nothing.
	Learned *learned.Summary `json:"learned,omitempty"`
	// Month is the use of the user's monthly limit; nil: there is none.
	Month *Month `json:"month,omitempty"`
	// Run is the run that works the account's batches; nil: there is none.
	Run *RunOverview `json:"run"`
	// Forecast is when those batches are done, with a month of its days; nil: there is no run.
	Forecast *AccountForecast `json:"forecast,omitempty"`
}

// RunOverview is how a run stands.
type RunOverview struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
	// Address is AiR's base URL.
	Address  string `json:"address"`
	Activity string `json:"activity"`
	// Rate is how many items a second were submitted in the last minute.
	Rate   float64        `json:"rate"`
	Limits LimitsOverview `json:"limits"`
	// Hours are the rate table and the windows in force; nil: there are none.
	Hours *hours.Hours `json:"hours,omitempty"`
	// OpenJobs is how many of the account's jobs are unfinished at AiR; zero: their number is not limited.
	OpenJobs openjobs.State `json:"open_jobs,omitzero"`
	// LimitedBy is what keeps the run from sending faster: a [bottleneck.Cause], or one of the constants of package limitedby.
	LimitedBy string `json:"limited_by"`
	// Limit says that in a sentence, with the rate.
	Limit string `json:"limit"`
	// AnswerSeconds is how long AiR took for an answer lately; 0: there was none.
	AnswerSeconds float64 `json:"answer_seconds"`
}

// LimitsOverview are the limits in force.
type LimitsOverview struct {
	// Rate is the rate in force, in requests a second; nil: unlimited. RateBy is what sets it, a [pace.Ceiling].
	Rate   *float64     `json:"rate"`
	RateBy pace.Ceiling `json:"rate_by"`
	// AutoRate says that the rate is found, of which Bears is about the highest that AiR bears; nil: that was not met.
	AutoRate bool     `json:"auto_rate,omitempty"`
	Bears    *float64 `json:"bears,omitempty"`
	Workers  int      `json:"workers"`
	// DailyLimit is the most jobs a UTC day; 0: none.
	DailyLimit int64 `json:"daily_limit"`
}

// ErrorOverview sums up the failed items of one code in all batches.
type ErrorOverview struct {
	queue.ErrorCount
	// Batch is the batch that the example is of.
	Batch string `json:"batch"`
}

// maxErrors bounds Overview.Errors.
const maxErrors = 10

// Overview returns the view of the queue and of the runs in progress. It reads only stored counters, so its
// cost depends on the number of batches, not of items.
func (s *Service) Overview(ctx context.Context) (Overview, error) {
	host := s.c.Host
	o := Overview{Schema: OverviewSchema, Time: time.Now().UTC().Truncate(time.Millisecond), Queue: s.c.Place, Events: host.Events.Latest()}
	batches, err := s.Batches(ctx)
	if err != nil {
		return o, err
	}
	var worked []Status
	for _, name := range s.accountNames(batches) {
		a, own, err := s.accountOverview(ctx, name)
		if err != nil {
			return o, err
		}
		o.Accounts, worked = append(o.Accounts, a), append(worked, own...)
	}
	all, err := s.withOthers(ctx, worked)
	if err != nil {
		return o, err
	}
	o.setBatches(all, worked)
	o.setControls(batches)
	o.Account = o.Accounts[s.chosen(o.Accounts)]
	o.Run, o.ETA = o.Account.Run, LastETA(worked)
	return o, nil
}

// accountNames returns the accounts that have batches or a run, sorted; if there are none, that of the service.
func (s *Service) accountNames(batches []queue.Batch) (names []string) {
	for _, b := range batches {
		names = append(names, b.AccountName())
	}
	for _, r := range s.c.Host.Runs() {
		names = append(names, r.Account)
	}
	if len(names) == 0 {
		names = []string{s.c.Account}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// chosen returns the index of the account that is shown where there is room for one: that of the service if it has a run or no
// other has one, else the first that has a run.
func (s *Service) chosen(all []AccountOverview) int {
	own := slices.IndexFunc(all, func(a AccountOverview) bool { return a.Name == s.c.Account })
	if own < 0 || all[own].Run == nil {
		if at := slices.IndexFunc(all, func(a AccountOverview) bool { return a.Run != nil }); at >= 0 {
			return at
		}
	}
	return max(own, 0)
}

// accountOverview returns how an account stands, and the status of the batches that its run works.
func (s *Service) accountOverview(ctx context.Context, name string) (a AccountOverview, worked []Status, err error) {
	run := s.c.Host.Running(name)
	if run == nil {
		err := s.setAccount(ctx, &a, name, time.Now())
		a.setEnd(s.c.Host.beginner(), name)
		return a, nil, err
	}
	p := run.Pool.Progress()
	if worked, err = s.worked(ctx, run, p); err != nil {
		return a, nil, err
	}
	if err := s.setAccount(ctx, &a, name, run.Pool.Now()); err != nil {
		return a, nil, err
	}
	a.DailyLimit = nil
	if set := run.Pool.Limits(); set.DailyLimit > 0 {
		a.DailyLimit = &set.DailyLimit
	}
	if a.Month = nil; len(worked) > 0 {
		a.Month = worked[0].Month
	}
	a.addRun(p)
	a.Run = runOverview(run, p, worked)
	if !run.Pool.LookupsOnly {
		a.Forecast, err = s.runForecast(ctx, run)
	}
	return a, worked, err
}

// LastETA returns when all batches are done; nil: that is not known of one, or nothing is left.
func LastETA(batches []Status) *time.Time {
	var last *time.Time
	for _, st := range batches {
		switch {
		case st.Left() == 0:
		case st.ETA == nil:
			return nil
		case last == nil || st.ETA.After(*last):
			last = st.ETA
		}
	}
	return last
}

// setBatches sets what comes from the batches.
func (o *Overview) setBatches(all, worked []Status) {
	o.Batches, o.Errors = []BatchOverview{}, []ErrorOverview{}
	isWorked := map[string]bool{}
	for _, st := range worked {
		isWorked[st.Batch] = true
	}
	for _, st := range all {
		o.Batches = append(o.Batches, BatchOverview{Status: st, Worked: isWorked[st.Batch]})
		o.InDoubt += st.InDoubt
		for _, e := range st.Errors {
			o.addError(e, st.Batch)
		}
	}
	slices.SortStableFunc(o.Errors, func(a, b ErrorOverview) int { return cmp.Compare(b.Count, a.Count) })
	o.Errors = o.Errors[:min(len(o.Errors), maxErrors)]
}

// setControls sets what an operator has set for the batches.
func (o *Overview) setControls(batches []queue.Batch) {
	controls := map[string]queue.BatchControl{}
	for _, b := range batches {
		controls[b.ID] = b.Control
	}
	for i := range o.Batches {
		set := controls[o.Batches[i].Batch] // of a batch that was added meanwhile: the zero value
		o.Batches[i].Share = set.Weight()
		if set.PausedAt(o.Time) {
			o.Batches[i].ByHand = handPause(set.PausedUntil, set.Reason)
		}
	}
}

// addError adds the failed items of a code. The example is that of the batch with the most.
func (o *Overview) addError(e queue.ErrorCount, batch string) {
	at := slices.IndexFunc(o.Errors, func(other ErrorOverview) bool { return other.Code == e.Code })
	if at < 0 {
		o.Errors = append(o.Errors, ErrorOverview{e, batch})
		return
	}
	sum, other := e.Count+o.Errors[at].Count, o.Errors[at]
	if e.Count > other.Count {
		other = ErrorOverview{e, batch}
	}
	other.Count = sum
	o.Errors[at] = other
}

// setAccount sets what the queue has stored of an account. now is the time by AiR's clock.
func (s *Service) setAccount(ctx context.Context, a *AccountOverview, name string, now time.Time) error {
	stored, err := s.Account(ctx, name, queue.DayOf(now))
	if err != nil {
		return err
	}
	in := plan.InForce(stored.Gate, time.Now())
	a.Name, a.Submitted, a.Reason = name, stored.Day.Submitted, in.Reason
	a.State, a.PausedUntil = in.State()
	if !in.Since.IsZero() {
		since := in.Since.UTC()
		a.Since = &since
	}
	if c := stored.Control; c.PausedAt(time.Now()) {
		a.ByHand = handPause(c.PausedUntil, c.Reason)
	}
	if set := stored.Control.DailyLimit; set != nil && *set > 0 {
		a.DailyLimit = set
	}
	limits := plan.NewLimits(rate.Inf, 0)
	if set := stored.Control.MonthlyLimit; set != nil {
		limits.PerMonth = *set
	}
	if err := limits.Learn(ctx, s.c.Store, name, now); err != nil {
		return err
	}
	if limits.PerDayFrom == plan.Learned {
		a.LearnedCap = &limits.PerDay
	}
	a.Learned, a.Month = learned.Summarize(limits.AiR), monthOf(limits)
	return nil
}

// setEnd shows an account as stopped whose work has ended with an error, while the process goes on with others.
func (a *AccountOverview) setEnd(f *fleet, name string) {
	if f == nil {
		return
	}
	if err, _ := f.ended(name); err != nil && a.State != string(worker.Stopped) {
		a.State, a.Reason, a.PausedUntil = string(worker.Stopped), err.Error(), nil
	}
}

// addRun adds what only the running pool knows.
func (a *AccountOverview) addRun(p worker.Snapshot) {
	a.State, a.Reason, a.PausedUntil, a.Since = string(p.Activity), p.Reason, nil, nil
	if p.Activity == worker.Paused && !p.PausedUntil.IsZero() {
		until := p.PausedUntil.UTC()
		a.PausedUntil = &until
	}
}

// runOverview returns how a run on the worked batches stands.
func runOverview(run *Running, p worker.Snapshot, worked []Status) *RunOverview {
	host, _ := os.Hostname() // empty: it is not known
	set := run.Pool.Limits()
	r := &RunOverview{
		PID: os.Getpid(), Host: host, Since: run.Since.UTC(), Address: run.Address, Activity: string(p.Activity), Rate: p.Rate,
		AnswerSeconds: p.Answer.Seconds(), Limits: LimitsOverview{Workers: set.Workers, DailyLimit: set.DailyLimit},
	}
	r.Limits.RateBy, r.Limits.AutoRate = p.Pace.By, set.AutoRate
	if p.Pace.Rate != rate.Inf {
		perSecond := float64(p.Pace.Rate)
		r.Limits.Rate = &perSecond
	}
	r.Hours = hours.Of(p.Hours, time.Now())
	if p.Bears != nil && p.Bears.Ceiling > 0 {
		r.Limits.Bears = &p.Bears.Ceiling
	}
	r.OpenJobs = p.Open
	limited := limitedby.Run{Snapshot: p, Limit: r.Limits.Rate, Workers: r.Limits.Workers}
	if r.Hours != nil {
		limited.Hours = r.Hours.Text
	}
	for _, st := range worked {
		limited.Pending, limited.Sending, limited.InDoubt = limited.Pending+st.Pending, limited.Sending+st.Sending, limited.InDoubt+st.InDoubt
		limited.Unread = limited.Unread || st.Incomplete
	}
	r.LimitedBy, r.Limit = limited.Explain()
	return r
}
