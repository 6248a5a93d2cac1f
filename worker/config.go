package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/air"
	"airlift/worker/autorate"
	"airlift/worker/budget"
	"airlift/worker/failures"
	"airlift/worker/joblist"
	"airlift/worker/verdict"
)

// store is what the pool needs of the queue.
type store interface {
	queue.Reader
	queue.Claims
	SetControl(ctx context.Context, account string, c queue.Control) error
	SetBatchControl(ctx context.Context, id string, c queue.BatchControl) error
}

// api is what the pool needs of AiR.
type api interface {
	Submit(ctx context.Context, job air.NewJob) air.Outcome
	List(ctx context.Context, q air.ListQuery) (air.Page, error)
	JobStatus(ctx context.Context, id string) (air.JobState, error)
	JobErrors(ctx context.Context, id string) (air.JobState, error)
	// DistrustConnections makes every later request use a new connection.
	DistrustConnections()
}

// Observer is notified of what a pool does, by several goroutines at once. Its methods must return soon.
type Observer interface {
	// Sent is called as a POST leaves for an item of the batch.
	Sent(batch string)
	// Answered is called with the outcome of a POST and its verdict.
	Answered(batch string, o air.Outcome, v verdict.Verdict)
	// Paused is called as a pause begins and as it ends; see [ratelimit.State].
	Paused(s ratelimit.State)
	// Committed is called with results that are durable now.
	Committed(results []queue.Result)
	// LookedUp is called as the lookup of an item of the batch ends. took includes waits for the rate.
	LookedUp(batch string, found joblist.Found, err error, took time.Duration)
}

// Config says what a pool does. The zero value of a field gives its default.
type Config struct {
	Store store
	API   api
	// Limiter spaces all requests, lookups included.
	Limiter *ratelimit.Limiter
	// AutoRate finds the rate that AiR bears, and ignores that of Limiter.
	AutoRate bool
	// MaxRate is the highest rate of AutoRate; [autorate.DefaultMax].
	MaxRate rate.Limit
	// Batches are sent in turn, each in proportion to its share. All belong to Account. [Pool.Join] adds more.
	Batches []string
	Account string
	// Holder names this process in its claims; its host and process id.
	Holder string
	// Address is AiR's base URL, stored once a job is accepted there; empty: not stored.
	Address string
	// Opened is when the queue was opened: what was in doubt then is looked up one Settle later at the earliest.
	Opened time.Time
	// Fed is closed when no more items will be added; nil means none will be.
	Fed <-chan struct{}
	// Forever keeps the run from ending by itself: it waits for more.
	Forever bool
	// Workers is how many requests are under way at once; 8.
	Workers int
	// MaxAttempts is how many attempts an item has; 5.
	MaxAttempts int
	// MaxFailures ends the run; over half of the last 1,000.
	MaxFailures failures.Limit
	// MaxItems ends the run after so many items; 0: no limit.
	MaxItems int64
	// DailyLimit is our own cap a UTC day; 0: none.
	DailyLimit int64
	// MonthlyLimit is our own cap a calendar month by AiR's clock; 0: none.
	MonthlyLimit int64
	// Reserve is what is left to others of AiR's daily cap and monthly quota, as far as they were learned.
	Reserve budget.Reserve
	// Budget is the most media that is sent of the batches, over all runs; 0: no limit.
	Budget time.Duration
	// Hours are the rate table and the windows of time. If it has a table, that is the rate, and the limiter's is not used.
	Hours schedule.Config
	// MaxOpen is how many of the account's jobs may be unfinished at AiR; 0: no limit.
	MaxOpen int64
	// ExitOnCap ends the run at a daily cap instead of waiting for midnight.
	ExitOnCap bool
	// WaitOnQuota waits for the next month at the monthly quota instead of ending the run.
	WaitOnQuota bool
	// Settle is the settle window: how long after an attempt AiR's list must show the job; 30 s. Negative: none.
	Settle time.Duration
	// Grace is added to midnight; 5 s. Negative: none.
	Grace time.Duration
	// GiveUp is how long an outage may last; 12 h.
	GiveUp time.Duration
	// TrustQueue skips the check that the queue matches AiR's list.
	TrustQueue bool
	// AdoptCommand returns the command line that rebuilds a batch from AiR's list, for a user whose queue and AiR do not
	// belong together; nil: its general form.
	AdoptCommand func(batch string) string
	// CancelCommand returns the command line that cancels what a reading added, for a user whose items fail; nil: its
	// general form.
	CancelCommand func(batch string, reading int64) string
	// LookupsOnly looks up items in doubt and sends nothing.
	LookupsOnly bool
	// Observer may be nil.
	Observer Observer
	Log      zerolog.Logger
}

const (
	defaultWorkers     = 8
	defaultMaxAttempts = 5
	defaultSettle      = 30 * time.Second
	defaultGrace       = 5 * time.Second
	defaultGiveUp      = 12 * time.Hour
	// lookaheadFrom is the rate in requests a second above which items are claimed ahead of the workers.
	lookaheadFrom = 100
	// lookahead times the workers is the most that may be claimed and unfinished.
	lookahead = 4
)

func (c Config) withDefaults() (Config, error) {
	if c.Store == nil || c.API == nil || c.Limiter == nil {
		return c, errors.New("a pool needs a store, an API and a limiter")
	}
	setDefault(&c.Account, queue.Batch{}.AccountName())
	host, _ := os.Hostname()
	setDefault(&c.Holder, fmt.Sprintf("%s/%d", host, os.Getpid()))
	setDefault(&c.Workers, defaultWorkers)
	setDefault(&c.MaxRate, autorate.DefaultMax)
	setDefault(&c.MaxAttempts, defaultMaxAttempts)
	setDefault(&c.Settle, defaultSettle)
	setDefault(&c.Grace, defaultGrace)
	setDefault(&c.GiveUp, defaultGiveUp)
	setDefault(&c.Opened, time.Now())
	c.Address = strings.TrimRight(c.Address, "/")
	c.Settle, c.Grace = max(c.Settle, 0), max(c.Grace, 0)
	if c.AdoptCommand == nil {
		c.AdoptCommand = anyAdoptCommand
	}
	if c.CancelCommand == nil {
		c.CancelCommand = func(batch string, reading int64) string {
			return fmt.Sprintf("airlift cancel %q --reading %d", batch, reading)
		}
	}
	if c.Observer == nil {
		c.Observer = unobserved{}
	}
	if c.Fed == nil {
		closed := make(chan struct{})
		close(closed)
		c.Fed = closed
	}
	return c, nil
}

// anyAdoptCommand is the general form of Config.AdoptCommand.
func anyAdoptCommand(batch string) string { return fmt.Sprintf("airlift adopt %q SOURCE...", batch) }

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
