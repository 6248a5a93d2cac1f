package bottleneck

import (
	"sync"
	"time"
)

// Cause is what keeps a run from sending faster.
type Cause string

const (
	// Rate: the workers wait for the rate limit.
	Rate Cause = "rate"
	// Workers: all workers wait for answers.
	Workers Cause = "workers"
	// Latency: all workers wait for answers, each of which takes a second or more.
	Latency Cause = "latency"
	// AiR: AiR throttles, or does not answer.
	AiR Cause = "air"
	// Gate: a pause, or a stop.
	Gate Cause = "gate"
	// Canary: a single request goes first.
	Canary Cause = "canary"
	// Items: the workers wait for items to be claimed. If there are any, that is for the queue's commits.
	Items Cause = "items"
	// Settling: items that may have been sent wait for their settle window.
	Settling Cause = "settle window"
	// OpenJobs: as many jobs as may be are unfinished at AiR.
	OpenJobs Cause = "open jobs"
	// Sample: the canary samples of all batches with pending items are awaited.
	Sample Cause = "canary sample"
	// Lookups: items that may have been sent are looked up.
	Lookups Cause = "lookups"
)

// Phase is what a worker does.
type Phase int

// The phases of a worker.
const (
	Rest    Phase = iota // waits for a claim slot
	Pass                 // waits for a pass of the gate
	Claim                // waits for the queue: for an item, or to hand over a result
	Settle               // waits for the settle window of its item
	LookUp               // looks its item up
	Space                // waits for a token of the rate limit
	Request              // waits for an answer
	BackOff              // waits after a missing answer
	phases
)

const (
	// window is how often a Meter marks its sums. What it tells is of the last one to two windows.
	window = 5 * time.Second
	// slowAnswer is from when on the time of an answer, and not the number of workers, counts as the bottleneck: with
	// the default workers and one answer a second each, the default rate would be reached.
	slowAnswer = time.Second
	// longClaim is from when on a claim, once it is over, was a wait for items to come and not for a commit.
	longClaim = time.Second
)

// Meter measures how much time the workers spend in each phase. It costs no timer and, as a worker changes its phase,
// two additions: the time spent in a phase until t is entered*t + sum, where sum has the instants of all changes.
// Make one with [NewMeter]; it is safe for concurrent use.
type Meter struct {
	began time.Time
	mu    sync.Mutex
	// The fields below are guarded by mu. Instants are times since began.
	entered [phases]int64         // how many workers are in a phase
	sum     [phases]time.Duration // the instants of those that left it, less those of all that entered it
	changed time.Duration         // the latest change
	marks   [2]times              // the older first
	answer  time.Duration         // decaying mean of the time of a request
}

// times is the time that all workers have spent in each phase until an instant.
type times struct {
	at    time.Duration
	spent [phases]time.Duration
}

// Worker is the phase of one worker. It is not safe for concurrent use.
type Worker struct {
	meter *Meter
	is    Phase
	since time.Duration
}

// NewMeter returns a meter of no workers.
func NewMeter() *Meter { return &Meter{began: time.Now()} }

// Begin counts a worker, which rests.
func (m *Meter) Begin() *Worker {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Since(m.began)
	m.mark(now)
	m.entered[Rest]++
	m.sum[Rest] -= now
	m.changed = now
	return &Worker{meter: m, is: Rest, since: now}
}

// End stops counting a worker.
func (w *Worker) End() {
	w.Enter(Rest)
	m := w.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entered[Rest]--
	m.sum[Rest] += w.since
}

// Enter changes the phase of a worker.
func (w *Worker) Enter(p Phase) {
	m := w.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Since(m.began)
	m.mark(now)
	if w.is == Request {
		took := now - w.since
		if m.answer == 0 {
			m.answer = took
		}
		m.answer += (took - m.answer) / 16
	}
	if took := now - w.since; w.is == Claim && took > longClaim {
		m.sum[Claim] -= took
		m.sum[Rest] += took
	}
	m.entered[w.is]--
	m.entered[p]++
	m.sum[w.is] += now
	m.sum[p] -= now
	w.is, w.since, m.changed = p, now, now
}

// mark keeps the times spent, once a window. The caller holds mu.
func (m *Meter) mark(now time.Duration) {
	if now-m.marks[1].at < window {
		return
	}
	m.marks[0], m.marks[1] = m.marks[1], m.until(now)
	if now-m.changed > window { // nothing changed for long
		m.marks[0] = m.until(now - window)
	}
}

// until returns the times spent until an instant that is not before the latest change. The caller holds mu.
func (m *Meter) until(at time.Duration) times {
	t := times{at: at}
	for p := range t.spent {
		t.spent[p] = m.sum[p] + time.Duration(m.entered[p])*at
	}
	return t
}

// Bottleneck returns what holds the workers back, and how long AiR takes for an answer; 0: there was none yet.
func (m *Meter) Bottleneck() (Cause, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Since(m.began)
	m.mark(now)
	spent, all := m.until(now).spent, time.Duration(0)
	for p := range spent {
		spent[p] -= m.marks[0].spent[p]
		all += spent[p]
	}
	// Few workers hold an item before its request. If those that do not are neither in requests nor backing off, what the
	// few wait for is the bottleneck.
	if out := spent[Request] + spent[BackOff]; out > all*9/10 {
		switch {
		case spent[BackOff] > spent[Request]:
			return AiR, m.answer
		case m.answer >= slowAnswer:
			return Latency, m.answer
		}
		return Workers, m.answer
	}
	by, most := Rate, spent[Space]
	for _, c := range []struct {
		is   Phase
		what Cause
	}{{Pass, Canary}, {Claim, Items}, {Settle, Settling}, {LookUp, Lookups}} {
		if spent[c.is] > most {
			by, most = c.what, spent[c.is]
		}
	}
	return by, m.answer
}
