package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/attempts"
	"airlift/worker/autorate"
	"airlift/worker/bottleneck"
	"airlift/worker/failures"
	"airlift/worker/joblist"
	"airlift/worker/media"
	"airlift/worker/outage"
	"airlift/worker/pace"
	"airlift/worker/quota"
	"airlift/worker/stop"
	"airlift/worker/streaks"
	"airlift/worker/timetable"
	"airlift/worker/trial"
	"airlift/worker/verdict"
)

// shared is the state shared by the parts of a pool.
type shared struct {
	Config
	live     liveLimits // use these instead of those in Config
	pace     *pace.Pace // has the rate in force
	hours    *timetable.Keeper
	autoRate *autorate.Meter // all requests pass it
	gate     *ratelimit.Gate
	batches  batches
	holds    holds
	learned  *learned
	quota    *quota.Tracker
	attempts attempts.Log
	trials   *trial.Board
	open     *openLimit
	media    media.Book
	progress progress
	phases   *bottleneck.Meter
	ending
	results chan claimResult // to the committer

	outage       outage.Detector
	unreadable   streaks.Unreadable
	mixups       streaks.MixUps
	refusals     refusals
	failures     failures.Counter
	settleLogged sync.Once   // a log line says that something waits for its settle window
	anyAnswer    atomic.Bool // AiR, or something in its place, answered in this run
}

// claimResult is the result of a claim, to be committed.
type claimResult struct {
	queue.Result
	claimed queue.Claimed
	sent    time.Time // when the request was sent, with a monotonic reading
}

// release puts a claimed item back that was not sent.
func (s *shared) release(c queue.Claimed) {
	s.results <- claimResult{Result: queue.Result{Batch: c.Batch, Seq: c.Seq, To: queue.Pending, Refund: true, At: time.Now().UTC()}}
}

// holds counts those who keep a run from ending.
type holds struct {
	mu       sync.Mutex
	n        int // guarded by mu
	released ratelimit.Broadcast
}

func (h *holds) add(n int) {
	h.mu.Lock()
	h.n += n
	h.mu.Unlock()
	h.released.Fire()
}

func (h *holds) held() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n > 0
}

// Hold keeps the run from ending by itself until release is called: somebody reads rows into its queue.
func (p *Pool) Hold() (release func()) {
	p.holds.add(1)
	return sync.OnceFunc(func() { p.holds.add(-1) })
}

// mayEnd reports whether the run ends once nothing is left.
func (s *shared) mayEnd() bool { return s.isFed() && !s.holds.held() && !s.Forever }

// isFed reports whether no more items will come.
func (s *shared) isFed() bool {
	select {
	case <-s.Fed:
		return true
	default:
		return false
	}
}

// committed tells the observer what is durable now.
func (s *shared) committed(results []queue.Result) {
	s.progress.committed(results)
	s.open.stored(results)
	s.media.Stored(results)
	s.Observer.Committed(results)
}

// unobserved is an observer that does nothing.
type unobserved struct{}

func (unobserved) Sent(string)                                   {}
func (unobserved) Answered(string, air.Outcome, verdict.Verdict) {}
func (unobserved) Paused(ratelimit.State)                        {}
func (unobserved) Committed([]queue.Result)                      {}

func (unobserved) LookedUp(string, joblist.Found, error, time.Duration) {}

// errDone ends the pool's own goroutines when nothing is left.
var errDone = errors.New("nothing is left")

// ending decides how a run ends.
type ending struct {
	mu      sync.Mutex
	stopped *stop.Error             // the gravest so far; guarded by mu
	left    *stop.Error             // why a batch was left out, the gravest; guarded by mu
	cancel  context.CancelCauseFunc // guarded by mu until the roles begin
}

// stop ends the run; of several reasons the most serious is kept.
func (e *ending) stop(s *stop.Error) {
	e.mu.Lock()
	if e.stopped == nil || s.Reason < e.stopped.Reason {
		e.stopped = s
	}
	cancel := e.cancel
	e.mu.Unlock()
	cancel(s)
}

// begin sets what ends the run.
func (e *ending) begin(cancel context.CancelCauseFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cancel = cancel
}

// leaveOut notes why nothing of a batch is sent: the run ends with that if it does not stop for a graver reason.
func (e *ending) leaveOut(s *stop.Error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.left == nil || s.Reason < e.left.Reason {
		e.left = s
	}
}

// leftOut returns why batches were left out; nil: none was.
func (e *ending) leftOut() *stop.Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.left
}

// reason returns why the run was stopped; nil: it was not.
func (e *ending) reason() *stop.Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stopped
}

// fail stops the run because of an error other than an answer of AiR, such as a queue error.
func (e *ending) fail(step string, err error) {
	if s, is := errors.AsType[*stop.Error](err); is {
		e.stop(s)
		return
	}
	e.stop(&stop.Error{Reason: stop.Unexpected, Text: step, Err: err})
}
