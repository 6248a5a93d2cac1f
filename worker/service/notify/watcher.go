package notify

import (
	"context"
	"fmt"
	"time"

	"airlift/worker"
	"airlift/worker/service"
)

const (
	// lookEvery is how often a Watcher looks at the queue.
	lookEvery = 2 * time.Second
	// doubtsAfter is how long a batch may have nothing left but items in doubt before that is told; a run that ends tells it at once.
	doubtsAfter = 10 * time.Minute
	// laterPause is how much later a pause must end to be told of again: it was renewed, for its cap was still there.
	laterPause = time.Hour
)

// Watcher compares overviews of a queue, and tells of what has happened between them. The zero value of Tell tells nobody. It is
// not safe for concurrent use.
type Watcher struct {
	Tell func(Event)

	accounts map[string]*accountSeen
	batches  map[string]*batchSeen
	muted    bool
}

// accountSeen is what was told of an account.
type accountSeen struct {
	paused    bool
	until     time.Time // of the pause
	submitted int64     // today, when it was last seen paused
	ran       bool      // by this process
	stopped   bool
	forecast  forecastSeen
}

// batchSeen is what was told of a batch.
type batchSeen struct {
	finished          bool
	submitted, failed int64 // when it was seen finished
	told              bool  // that it is finished, by this process
	rejected          int64 // rows of the latest whole reading
	toldRejected      bool
	doubts            time.Time // since when nothing else is left
	toldDoubts        bool
	paused            bool // by hand
}

// Begin takes a queue as it is before the work begins: nothing of it is told.
func (w *Watcher) Begin(o *service.Overview) {
	tell := w.Tell
	w.Tell = nil
	w.Look(o)
	w.Tell = tell
	for _, b := range w.batches {
		b.told, b.toldRejected, b.toldDoubts = false, false, false
	}
}

// Mute leaves it to another process to tell what happens, or not.
func (w *Watcher) Mute(on bool) { w.muted = on }

// Watch looks at the queue until done is closed.
func (w *Watcher) Watch(done <-chan struct{}, now func(context.Context) (service.Overview, error)) {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		if o, err := now(context.Background()); err == nil { // else the work itself ends with the error
			w.Look(&o)
		}
		select {
		case <-done:
			return
		case <-t.C:
		}
	}
}

// Look tells of what has happened since the latest look.
func (w *Watcher) Look(o *service.Overview) {
	if w.batches == nil {
		w.accounts, w.batches = map[string]*accountSeen{}, map[string]*batchSeen{}
	}
	for i := range o.Accounts {
		w.lookAtAccount(o, &o.Accounts[i])
	}
	for i := range o.Batches {
		w.lookAtBatch(o, &o.Batches[i])
	}
}

// tell tells of an event of the account's batches or, if it names one, of that batch.
func (w *Watcher) tell(o *service.Overview, e Event) {
	if w.Tell == nil || w.muted {
		return
	}
	if e.Account == "" {
		e.Account = o.Account.Name
	}
	e.Time, e.Queue = o.Time, o.Queue
	if len(o.Batches) > 0 {
		var all []service.Status
		for _, b := range o.Batches {
			if e.Batch == "" || b.Batch == e.Batch {
				all = append(all, b.Status)
			}
		}
		e.Counts = countsOf(all...)
	}
	w.Tell(e)
}

func (w *Watcher) lookAtAccount(o *service.Overview, a *service.AccountOverview) {
	seen := w.accounts[a.Name]
	if seen == nil {
		seen = &accountSeen{}
		w.accounts[a.Name] = seen
	}
	seen.ran = seen.ran || a.Run != nil
	switch {
	case a.State == string(worker.Paused):
		w.lookAtPause(o, a, seen)
		seen.submitted = a.Submitted
	case seen.paused && (a.Submitted != seen.submitted || a.Run == nil || left(o) == 0):
		// A pause that is renewed after its canary is one pause.
		seen.paused = false
		if a.Run != nil || a.Submitted != seen.submitted { // a run may end before the next look
			w.tell(o, Event{Event: Resumed, Account: a.Name, Reason: "the pause is over, and items are sent again"})
		}
	}
	if stopped := a.State == string(worker.Stopped); stopped != seen.stopped {
		seen.stopped = stopped
		if stopped && seen.ran {
			w.tell(o, Event{Event: AccountStopped, Account: a.Name, Reason: a.Reason, NextStep: stoppedStep})
		}
	}
	if why, was := seen.forecast.look(o, a); why != "" {
		told := seen.forecast.told
		w.tell(o, Event{Event: ForecastSlipped, Account: a.Name, Reason: why, ETA: &told, WasETA: was, NextStep: "`airlift forecast` says what it rests on, and `airlift status` what limits the run"})
	}
}

// stoppedStep is what to do about an account that is stopped while others go on.
const stoppedStep = "see to the reason, then `airlift resume`"

func (w *Watcher) lookAtPause(o *service.Overview, a *service.AccountOverview, seen *accountSeen) {
	until := time.Time{}
	if a.PausedUntil != nil {
		until = *a.PausedUntil
	}
	if seen.paused && !until.After(seen.until.Add(laterPause)) {
		return
	}
	e := Event{Event: Paused, Account: a.Name, Reason: a.Reason, Until: a.PausedUntil}
	if until.IsZero() {
		e.NextStep = "`airlift resume` ends the pause"
	}
	seen.paused, seen.until = true, until
	w.tell(o, e)
}

// left returns how many items are left to send.
func left(o *service.Overview) (n int64) {
	for i := range o.Batches {
		n += o.Batches[i].Left()
	}
	return n
}

func (w *Watcher) lookAtBatch(o *service.Overview, b *service.BatchOverview) {
	seen := w.batches[b.Batch]
	if seen == nil {
		seen = &batchSeen{}
		w.batches[b.Batch] = seen
	}
	if b.Incomplete {
		seen.rejected = 0 // its next reading tells again
	} else if b.Rejected != seen.rejected {
		seen.rejected = b.Rejected
		w.tellRejects(o, &b.Status, seen)
	}
	finished := b.Left() == 0 && b.Items > 0 && !b.Incomplete
	if finished && (!seen.finished || b.Submitted > seen.submitted || b.Failed > seen.failed) {
		seen.submitted, seen.failed = b.Submitted, b.Failed
		w.tellFinished(o, &b.Status, seen)
	}
	seen.finished = finished
	w.lookAtDoubts(o, &b.Status, seen)
	w.lookAtHand(o, b, seen)
}

func (w *Watcher) tellFinished(o *service.Overview, s *service.Status, seen *batchSeen) {
	seen.told = true
	e := Event{Event: Finished, Batch: s.Batch, Reason: fmt.Sprintf("%d of %d items are submitted", s.Submitted, s.Items-s.Cancelled)}
	if s.Failed > 0 {
		e.Reason += fmt.Sprintf(", %d failed", s.Failed)
		e.NextStep = fmt.Sprintf("`airlift items --state failed %[1]s` lists the failed items, `airlift retry %[1]s` makes them pending for the next run", s.Batch)
	}
	w.tell(o, e)
}

func (w *Watcher) tellRejects(o *service.Overview, s *service.Status, seen *batchSeen) {
	if s.Rejected == 0 {
		return
	}
	seen.toldRejected = true
	w.tell(o, Event{
		Event: Rejects, Batch: s.Batch, Reason: fmt.Sprintf("%d rows of the sources were rejected", s.Rejected),
		NextStep: fmt.Sprintf("`airlift report --state rejected %s` shows the rows and what is wrong with them", s.Batch),
	})
}

func (w *Watcher) lookAtDoubts(o *service.Overview, s *service.Status, seen *batchSeen) {
	switch only := s.InDoubt > 0 && s.InDoubt == s.Left(); {
	case !only:
		seen.doubts, seen.toldDoubts = time.Time{}, false
	case seen.doubts.IsZero():
		seen.doubts = o.Time
	case !seen.toldDoubts && o.Time.Sub(seen.doubts) >= doubtsAfter:
		w.tellDoubts(o, s, seen)
	}
}

func (w *Watcher) tellDoubts(o *service.Overview, s *service.Status, seen *batchSeen) {
	seen.toldDoubts = true
	w.tell(o, Event{
		Event: DoubtsLeft, Batch: s.Batch, Reason: fmt.Sprintf("of %d items it is not known whether AiR has their job", s.InDoubt),
		NextStep: fmt.Sprintf("`airlift reconcile %s` looks them up again; they are not sent before that", s.Batch),
	})
}

// lookAtHand tells of pauses of one batch by an operator. Those of the account are its state.
func (w *Watcher) lookAtHand(o *service.Overview, b *service.BatchOverview, seen *batchSeen) {
	if paused := b.ByHand != nil; paused != seen.paused {
		seen.paused = paused
		e := Event{Event: Resumed, Batch: b.Batch, Reason: "the pause of the batch by hand is over"}
		if paused {
			e = Event{Event: Paused, Batch: b.Batch, Reason: "an operator has paused the batch", Until: b.ByHand.Until, NextStep: "`airlift resume " + b.Batch + "` ends the pause"}
			if b.ByHand.Reason != "" {
				e.Reason += ": " + b.ByHand.Reason
			}
		}
		w.tell(o, e)
	}
}
