package openjobs

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/stop"
)

// API is what a [Counter] needs of AiR. Each call waits for the rate limit first.
type API interface {
	List(ctx context.Context, q air.ListQuery) (air.Page, error)
	JobStatus(ctx context.Context, id string) (air.JobState, error)
}

// Job is a job that AiR has accepted.
type Job struct {
	Batch, ID string
	// At is when it was accepted, by our clock.
	At time.Time
}

// End is the end of a job.
type End struct {
	Job
	// Status is [air.StatusCompleted], [air.StatusFailed] or [air.StatusCancelled]; empty: AiR no longer has the job.
	Status string
}

// Earlier are the jobs of earlier runs in a batch.
type Earlier struct {
	Batch string
	// From is when AiR's list shows all of them.
	From time.Time
}

// Config configures a [Counter].
type Config struct {
	API API
	// Earlier are the batches whose jobs of earlier runs count; nil: only jobs that are added count.
	Earlier []Earlier
	// Settle is how long AiR may take to know a job that it has accepted.
	Settle time.Duration
	// OnEnd is called with jobs that have ended, by one goroutine at a time.
	OnEnd func([]End)
	// Stop is called with an error that waiting does not mend.
	Stop func(*stop.Error)
	Log  zerolog.Logger
}

// Counter counts open jobs. Make one with [New]. It is safe for concurrent use.
type Counter struct {
	c     Config
	woken ratelimit.Broadcast

	mu sync.Mutex
	// The fields below are guarded by mu.
	batches map[string]*list
	byID    map[string]*job
	known   bool // the jobs of earlier runs are read
	wanted  bool // somebody waits for an end
	trouble string
	life    lifetimes
}

// list are the jobs of a batch in the order in which they were accepted.
type list struct {
	next  int  // the ordinal of the next job
	shift int  // how many more jobs AiR's list has before a job than were accepted after it
	size  int  // of a page; 0: the usual one
	lost  bool // a page showed none of the jobs that were expected
	open  []*job
}

// job is an open job.
type job struct {
	Job
	ordinal int       // among those of its batch
	due     time.Time // when to ask for it; zero: once it has the usual age
	missed  bool      // the page on which it was expected did not show it
}

// New returns a counter.
func New(c Config) *Counter {
	return &Counter{c: c, batches: map[string]*list{}, byID: map[string]*job{}, known: len(c.Earlier) == 0}
}

// Add counts jobs that were accepted.
func (c *Counter) Add(jobs ...Job) {
	c.mu.Lock()
	for _, j := range jobs {
		c.add(j)
	}
	wanted := c.wanted
	c.mu.Unlock()
	if wanted { // perhaps from when no job was open
		c.woken.Fire()
	}
}

// add counts a job, unless it is counted. The caller holds mu.
func (c *Counter) add(j Job) {
	if j.ID == "" || c.byID[j.ID] != nil {
		return
	}
	l := c.batches[j.Batch]
	if l == nil {
		l = &list{}
		c.batches[j.Batch] = l
	}
	one := &job{Job: j, ordinal: l.next}
	l.next++
	l.open = append(l.open, one)
	c.byID[j.ID] = one
}

// Open returns how many jobs are open. It is not known until the jobs of earlier runs are read.
func (c *Counter) Open() (n int, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.byID), c.known
}

// Want asks for the next end of a job. It is to be called again after each end, while somebody waits.
func (c *Counter) Want() {
	c.mu.Lock()
	was := c.wanted
	c.wanted = true
	c.mu.Unlock()
	if !was {
		c.woken.Fire()
	}
}

// Trouble says why AiR cannot be asked now; empty: it can.
func (c *Counter) Trouble() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

// Ended counts a job as ended: for a source of ends beside AiR's list. A job that is not counted is ignored.
func (c *Counter) Ended(id, status string) {
	c.mu.Lock()
	one := c.byID[id]
	if one != nil {
		c.remove(one)
	}
	c.mu.Unlock()
	if one != nil {
		c.c.OnEnd([]End{{one.Job, status}})
	}
}

// remove stops counting a job. The caller holds mu.
func (c *Counter) remove(one *job) {
	delete(c.byID, one.ID)
	l := c.batches[one.Batch]
	if at, ok := slices.BinarySearchFunc(l.open, one.ordinal, func(j *job, ordinal int) int { return cmp.Compare(j.ordinal, ordinal) }); ok {
		l.open = slices.Delete(l.open, at, at+1)
	}
}

// Run reads the jobs of earlier runs, and then asks for ends while they are wanted, until ctx is done.
func (c *Counter) Run(ctx context.Context) {
	slices.SortFunc(c.c.Earlier, func(a, b Earlier) int { return a.From.Compare(b.From) })
	for _, e := range c.c.Earlier {
		if ratelimit.Sleep(ctx, time.Until(e.From)) != nil || !c.until(ctx, func() error { return c.load(ctx, e.Batch) }) {
			return
		}
	}
	c.mu.Lock()
	c.known = true
	c.mu.Unlock()
	c.c.OnEnd(nil)
	for last := time.Now(); ; last = time.Now() {
		if !c.wait(ctx, last) || !c.until(ctx, func() error { return c.poll(ctx) }) {
			return
		}
	}
}

// maxBackoff is the longest wait before AiR is asked again after an error.
const maxBackoff = time.Minute

// until repeats what failed until it succeeds, and reports false if ctx ends before, or the run is to stop.
func (c *Counter) until(ctx context.Context, do func() error) bool {
	for failed := 1; ; failed++ {
		err := do()
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil:
			c.note("")
			if failed > 1 {
				c.c.Log.Info().Msg("AiR tells again which jobs have ended")
			}
			return true
		}
		if s := stopOf(err); s != nil {
			c.c.Stop(s)
			return false
		}
		c.note(err.Error())
		if failed == 1 {
			c.c.Log.Warn().Err(err).Msg("AiR cannot be asked which jobs have ended; all of them count as unfinished until it can")
		}
		if ratelimit.Sleep(ctx, ratelimit.Backoff(failed, time.Second, maxBackoff)) != nil {
			return false
		}
	}
}

func (c *Counter) note(trouble string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = trouble
}

// wait waits until an end is wanted and a job is due, and reports false if ctx is done first. last is when AiR was asked before.
func (c *Counter) wait(ctx context.Context, last time.Time) bool {
	for {
		woken := c.woken.Wait()
		next := c.next(last)
		var due <-chan time.Time
		if !next.IsZero() {
			wait := time.Until(next)
			if wait <= 0 {
				return ctx.Err() == nil
			}
			due = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return false
		case <-woken:
		case <-due:
		}
	}
}

// next returns when to ask AiR; zero: no end is wanted, or no job is open.
func (c *Counter) next(last time.Time) (at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.wanted {
		return at
	}
	now := time.Now()
	oldest := now
	for _, l := range c.batches {
		for _, j := range l.open {
			if due := c.dueAt(j); at.IsZero() || due.Before(at) {
				at = due
			}
			if j.At.Before(oldest) {
				oldest = j.At
			}
		}
	}
	if soonest := last.Add(c.life.pause(now.Sub(oldest))); !at.IsZero() && at.Before(soonest) {
		at = soonest
	}
	return at
}

// dueAt returns when to ask for a job. The caller holds mu.
func (c *Counter) dueAt(j *job) time.Time {
	if j.due.IsZero() {
		return j.At.Add(c.life.least())
	}
	return j.due
}

// hasEnded reports whether a status is that of a job which AiR has ended.
func hasEnded(status string) bool {
	return status == air.StatusCompleted || status == air.StatusFailed || status == air.StatusCancelled
}
