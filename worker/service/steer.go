package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"airlift/queue"
	"airlift/worker"
	"airlift/worker/service/canary"
	"airlift/worker/service/hours"
)

// PauseRequest asks to send nothing more of an account, or with Batch nothing of one batch.
type PauseRequest struct {
	// Account is the account; empty: all of the queue.
	Account string `json:"account,omitempty"`
	Batch   string `json:"batch,omitempty"`
	// Until is when the pause ends by itself; zero: not until it is resumed.
	Until time.Time `json:"until,omitzero"`
	// Reason is shown with the pause.
	Reason string `json:"reason,omitempty"`
}

// ErrInvalid: a request has a value that cannot be meant. Nothing was changed.
var ErrInvalid = errors.New("not possible")

// invalid returns an [ErrInvalid] that says what is wrong.
func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }

// pastGrace is how long ago a pause may have ended: a short one may be over once its request arrives.
const pastGrace = time.Minute

// maxReason is the longest reason of a pause in bytes.
const maxReason = 1000

func (r PauseRequest) validate() error {
	switch {
	case !r.Until.IsZero() && time.Since(r.Until) > pastGrace:
		return invalid("the pause would end in the past")
	case len(r.Reason) > maxReason:
		return invalid("the reason is too long")
	}
	return nil
}

// Pause sends nothing more until [Service.Resume], also after restarts. What is on its way is awaited, and lookups go on.
func (s *Service) Pause(ctx context.Context, r PauseRequest) error {
	if err := r.validate(); err != nil {
		return err
	}
	if r.Batch == "" {
		names, err := s.steered(ctx, r.Account)
		for i := 0; i < len(names) && err == nil; i++ {
			err = s.control(ctx, names[i], func(c *queue.Control) { c.Paused, c.PausedUntil, c.Reason = true, r.Until.UTC(), r.Reason })
		}
		return err
	}
	return s.controlBatch(ctx, r.Batch, func(c *queue.BatchControl) { c.Paused, c.PausedUntil, c.Reason = true, r.Until.UTC(), r.Reason })
}

// ResumeRequest asks to lift what keeps the items of an account, or with Batch those of one batch, from being sent.
type ResumeRequest struct {
	// Account is the account; empty: all of the queue.
	Account string `json:"account,omitempty"`
	Batch   string `json:"batch,omitempty"`
}

// Resumed says what [Service.Resume] has lifted.
type Resumed struct {
	// Gate is the pause or stop that was stored because of AiR's answers; zero: there was none.
	Gate queue.Gate `json:"gate"`
	// Paused says that there was a pause of an operator, for the reason given.
	Paused bool   `json:"paused"`
	Reason string `json:"reason,omitempty"`
	// Canary says that the batch is sent without the result of its canary sample, or against it, and how that stood; empty: no sample
	// held it.
	Canary queue.TrialState `json:"canary,omitempty"`
	// Still are the batches that an operator has paused by themselves, which Resume without a batch does not lift.
	Still []string `json:"still,omitempty"`
}

// set records a pause by hand, if one is in force.
func (r *Resumed) set(paused bool, reason string) {
	if paused {
		r.Paused, r.Reason = true, reason
	}
}

// Resume lifts what keeps the items from being sent: an operator's pause and, without a batch, also a pause or stop that AiR's
// answers have caused; a run of the account that has ended while those of others go on begins again.
func (s *Service) Resume(ctx context.Context, r ResumeRequest) (out Resumed, err error) {
	if r.Batch != "" {
		err = s.controlBatch(ctx, r.Batch, func(c *queue.BatchControl) {
			out.set(c.PausedAt(time.Now()), c.Reason)
			if c.Trial.Holds() && !out.Paused {
				out.Canary = c.Trial.State
				c.Trial = c.Trial.Waive(time.Now())
			}
			c.Paused, c.PausedUntil, c.Reason = false, time.Time{}, ""
		})
		return out, err
	}
	names, err := s.steered(ctx, r.Account)
	for i := 0; i < len(names) && err == nil; i++ {
		var one Resumed
		one, err = s.resumeAccount(ctx, names[i])
		out.add(one)
	}
	return out, err
}

// resumeAccount is Resume for one account.
func (s *Service) resumeAccount(ctx context.Context, name string) (out Resumed, err error) {
	account, err := s.Account(ctx, name, 0)
	if err != nil {
		return out, err
	}
	out.Gate = account.Gate
	all, err := s.Batches(ctx)
	if err != nil {
		return out, err
	}
	for _, b := range all {
		if b.AccountName() == name && b.Control.PausedAt(time.Now()) {
			out.Still = append(out.Still, b.ID)
		}
	}
	err = s.control(ctx, name, func(c *queue.Control) {
		out.set(c.PausedAt(time.Now()), c.Reason)
		c.Paused, c.PausedUntil, c.Reason = false, time.Time{}, ""
	})
	run := s.c.Host.Running(name)
	switch {
	case err != nil:
	case out.Gate == (queue.Gate{}):
	case run != nil:
		run.Pool.Resume()
	default:
		err = s.c.Store.SetGate(ctx, name, queue.Gate{})
	}
	if f := s.c.Host.beginner(); f != nil && run == nil && err == nil {
		err = f.resume(name)
	}
	return out, err
}

// SetRequest asks to change what operators can set. Nil fields stay as they are.
type SetRequest struct {
	// Account is the account; empty: the only one of the queue.
	Account string `json:"account,omitempty"`
	// Batch is the batch of Share.
	Batch string `json:"batch,omitempty"`
	// Share is the weight of the batch when batches take turns, 1 to 100.
	Share *int `json:"share,omitempty"`
	// Rate is in requests a second, above 0.
	Rate    *float64 `json:"rate,omitempty"`
	Workers *int     `json:"workers,omitempty"`
	// DailyLimit is our own cap a UTC day; 0: none.
	DailyLimit *int64 `json:"daily_limit,omitempty"`
	// MonthlyLimit is our own cap a calendar month; 0: none.
	MonthlyLimit *int64 `json:"monthly_limit,omitempty"`
	SetAuto
	// Hours replaces the rate table or the windows.
	hours.Change
	// Canary, if not nil, asks for a sample of Batch that is sent before the rest.
	Canary *canary.Request `json:"canary,omitempty"`
	// Reset first forgets what was set of all of these: the flags of each run apply again.
	Reset bool `json:"reset,omitempty"`
}

// UnlimitedRate is a rate in requests a second that never limits.
const UnlimitedRate = 1e9

func (r SetRequest) validate() error {
	if err := r.validateForBatch(); err != nil {
		return err
	}
	negative := func(n *int64) bool { return n != nil && *n < 0 }
	switch {
	case !validRate(r.Rate) || !validRate(r.MaxRate):
		return invalid("the rate must be above 0 and at most a billion a second")
	case r.Workers != nil && (*r.Workers < 1 || *r.Workers > worker.MaxWorkers):
		return invalid("the number of workers must be from 1 to 1024")
	case negative(r.MonthlyLimit) || negative(r.DailyLimit):
		return invalid("a daily or monthly limit must not be below 0")
	case r.AutoRate && r.Rate != nil, r.RateTable != nil && (r.AutoRate || r.Rate != nil):
		return invalid("a rate, a table of rates, and a rate that is found exclude each other")
	}
	if err := r.Change.Validate(); err != nil {
		return invalid(err.Error())
	}
	return nil
}

// validateForBatch checks what is set of a batch.
func (r SetRequest) validateForBatch() error {
	switch {
	case r.Canary != nil && r.Batch == "":
		return invalid("a canary sample is that of a batch, and none is named")
	case r.Share != nil && r.Batch == "":
		return invalid("a share is that of a batch, and none is named")
	case r.Share != nil && (*r.Share < 1 || *r.Share > queue.MaxShare):
		return invalid("the share must be from 1 to 100")
	}
	if err := r.Canary.Validate(); err != nil {
		return invalid(err.Error())
	}
	return nil
}

// InForce is what operators have set.
type InForce struct {
	Control queue.Control      `json:"control"`
	Batch   queue.BatchControl `json:"batch,omitzero"`
}

// Set changes what operators can set. It applies at once, and to later runs until it is changed.
func (s *Service) Set(ctx context.Context, r SetRequest) (out InForce, err error) {
	if err := r.validate(); err != nil {
		return out, err
	}
	if r.Batch != "" { // before anything is changed
		b, err := s.Batch(ctx, r.Batch)
		if err != nil {
			return out, err
		}
		out.Batch = b.Control
	}
	if r.Canary != nil {
		if err := s.chooseSample(ctx, r.Batch, r.Canary); err != nil {
			return out, err
		}
	}
	if out.Control, err = s.setAccountControl(ctx, r); err == nil && r.Share != nil {
		err = s.controlBatch(ctx, r.Batch, func(c *queue.BatchControl) {
			c.Share = *r.Share
			out.Batch = *c
		})
	}
	return out, err
}

// setAccountControl sets what a request has for the account, and returns what is set then. Without any it stores nothing.
func (s *Service) setAccountControl(ctx context.Context, r SetRequest) (out queue.Control, err error) {
	if r.Batch != "" && r.Account == "" { // the limits are shown with its share
		b, err := s.Batch(ctx, r.Batch)
		if err != nil {
			return out, err
		}
		r.Account = b.AccountName()
	}
	name, err := s.limited(ctx, r.Account)
	if err != nil {
		return out, err
	}
	if !r.Reset && r.Rate == nil && r.Workers == nil && r.DailyLimit == nil && r.MonthlyLimit == nil && r.Change == (hours.Change{}) && r.SetAuto == (SetAuto{}) {
		account, err := s.Account(ctx, name, 0)
		return account.Control, err
	}
	err = s.control(ctx, name, func(c *queue.Control) {
		if r.Reset {
			*c = queue.Control{Paused: c.Paused, PausedUntil: c.PausedUntil, Reason: c.Reason}
		}
		r.Change.Apply(r.Rate, c)
		c.SetAuto(r.AutoRate, r.Rate != nil || r.RateTable != nil, r.MaxRate)
		c.Rate = *cmp.Or(r.Rate, &c.Rate)
		c.Workers = *cmp.Or(r.Workers, &c.Workers)
		c.DailyLimit = cmp.Or(r.DailyLimit, c.DailyLimit)
		c.MonthlyLimit = cmp.Or(r.MonthlyLimit, c.MonthlyLimit)
		out = *c
	})
	return out, err
}

// control changes what is set for an account, and stores it: its run does, which applies it.
func (s *Service) control(ctx context.Context, name string, change func(*queue.Control)) error {
	s.c.Host.steering.Lock()
	defer s.c.Host.steering.Unlock()
	account, err := s.Account(ctx, name, 0)
	if err != nil {
		return err
	}
	c := account.Control.Clone()
	change(&c)
	if err := c.Validate(); err != nil {
		return err
	}
	return s.storeOrApply(name, func() error { return s.c.Store.SetControl(ctx, name, c) }, func(p *worker.Pool) error { return p.Apply(ctx, c) })
}

// controlBatch changes what is set for a batch, and stores it: the run in progress does, which applies it.
func (s *Service) controlBatch(ctx context.Context, id string, change func(*queue.BatchControl)) error {
	s.c.Host.steering.Lock()
	defer s.c.Host.steering.Unlock()
	b, err := s.Batch(ctx, id)
	if err != nil {
		return err
	}
	c := b.Control
	change(&c)
	if err := c.Validate(); err != nil {
		return err
	}
	return s.storeOrApply(b.AccountName(), func() error { return s.c.Store.SetBatchControl(ctx, id, c) }, func(p *worker.Pool) error { return p.ApplyBatch(id, c) })
}

// storeOrApply stores a setting, or makes the run of the account store and apply it.
func (s *Service) storeOrApply(account string, store func() error, apply func(*worker.Pool) error) error {
	if s.c.Host.Running(account) == nil {
		if err := store(); err != nil {
			return err
		}
	}
	if r := s.c.Host.Running(account); r != nil { // also one that has begun meanwhile, perhaps with what was stored before
		return apply(r.Pool)
	}
	return nil
}

// SetAuto is the part of a [SetRequest] about a rate that is found.
type SetAuto struct {
	// AutoRate asks for the rate that AiR is found to bear. It replaces a rate and a table, and these replace it.
	AutoRate bool `json:"auto_rate,omitempty"`
	// MaxRate is the highest that may be found, in requests a second; nil: it stays as it is.
	MaxRate *float64 `json:"max_rate,omitempty"`
}

// validRate reports whether a rate can be set; nil: none is.
func validRate(r *float64) bool { return r == nil || *r > 0 && *r <= UnlimitedRate }
