package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"airlift/queue"
	"airlift/worker/stop"
)

// Holder is the process that holds the queue, asked by another.
type Holder interface {
	// Status returns the status of batches as the holder shows it; without ids, of all. Of batches that no run works the forecast
	// assumes limits; nil: there is none.
	Status(ctx context.Context, ids []string, limits *AssumedLimits) ([]Status, error)
	Overview(ctx context.Context) (Overview, error)
	Forecast(ctx context.Context, q ForecastQuery) (Forecasts, error)
	// Work makes the run of the holder, if there is one, work a batch too, and returns how the batch stands.
	Work(ctx context.Context, r WorkRequest) (Work, error)
	// Hold stops the holder's work on a batch until Work is called for it, or until this process ends.
	Hold(ctx context.Context, batch string) error
	Retry(ctx context.Context, r ChangeRequest) (queue.Changed, error)
	Cancel(ctx context.Context, r ChangeRequest) (queue.Changed, error)
	Pause(ctx context.Context, r PauseRequest) error
	Resume(ctx context.Context, r ResumeRequest) (Resumed, error)
	Set(ctx context.Context, r SetRequest) (InForce, error)
	// Ended is closed when the holder has ended.
	Ended() <-chan struct{}
	// String names the process.
	String() string
}

// WorkRequest asks a holder to send a batch.
type WorkRequest struct {
	Batch string `json:"batch"`
	// First says that a run has just begun to ask: what kept the batch from being sent before may be mended.
	First bool `json:"first,omitempty"`
	// LookupsOnly waits for lookups of a batch that the holder works already, and sends nothing.
	LookupsOnly bool `json:"lookups_only,omitempty"`
}

// Work is how a batch stands at the holder of its queue.
type Work struct {
	// Running says that the holder sends the batch.
	Running bool   `json:"running"`
	Status  Status `json:"status"`
}

// ErrHolderEnded: the process that held the queue has ended before the work was done, so that another can take it over.
var ErrHolderEnded = errors.New("the process that holds the queue has ended")

// LeftError says that this process has ended its wait for the holder of the queue, which goes on.
type LeftError struct {
	Holder string
	// Change says that a bulk action was waited for, not the work on a batch.
	Change bool
	Err    error
}

func (e *LeftError) Error() string {
	if e.Change {
		return fmt.Sprintf("%v: only the wait has ended, %s goes on with the change if it has received it", e.Err, e.Holder)
	}
	return fmt.Sprintf("%v: only the wait has ended, %s goes on with the batch; `airlift status` shows it, and the same command waits for it again", e.Err, e.Holder)
}

// Unwrap returns why the wait has ended.
func (e *LeftError) Unwrap() error { return e.Err }

// Remote is a [Service] on a queue that another process holds.
type Remote struct {
	*Service
	holder Holder
}

// NewRemote returns a service on the queue that c.Store shows and a holder has.
func NewRemote(c Config, h Holder) *Remote { return &Remote{New(c), h} }

// Status implements [Inspector].
func (s *Remote) Status(ctx context.Context, q StatusQuery) ([]Status, error) {
	if _, err := s.Named(ctx, q.Batches...); err != nil {
		return nil, err
	}
	return s.holder.Status(ctx, q.Batches, assumedOf(q.Limits))
}

// Overview implements [Inspector].
func (s *Remote) Overview(ctx context.Context) (Overview, error) { return s.holder.Overview(ctx) }

// Forecast implements [Inspector].
func (s *Remote) Forecast(ctx context.Context, q ForecastQuery) (Forecasts, error) {
	if _, err := s.Named(ctx, q.Batches...); err != nil {
		return Forecasts{}, err
	}
	return s.holder.Forecast(ctx, q)
}

// Retry implements [Worker].
func (s *Remote) Retry(ctx context.Context, r ChangeRequest) (queue.Changed, error) {
	return s.holder.Retry(ctx, r)
}

// Cancel implements [Worker].
func (s *Remote) Cancel(ctx context.Context, r ChangeRequest) (queue.Changed, error) {
	return s.holder.Cancel(ctx, r)
}

// Pause implements [Worker].
func (s *Remote) Pause(ctx context.Context, r PauseRequest) error { return s.holder.Pause(ctx, r) }

// Resume implements [Worker].
func (s *Remote) Resume(ctx context.Context, r ResumeRequest) (Resumed, error) {
	return s.holder.Resume(ctx, r)
}

// Set implements [Worker].
func (s *Remote) Set(ctx context.Context, r SetRequest) (InForce, error) { return s.holder.Set(ctx, r) }

// Run implements [Worker]: it reads the sources into the queue of the holder, and waits until that has sent the batches. The
// error is [ErrHolderEnded] if the holder ends before, and a [LeftError] if ctx does.
func (s *Remote) Run(ctx context.Context, r RunRequest) Outcome {
	if err := s.named(ctx, &r); err != nil {
		return Outcome{Err: s.ended(err)}
	}
	fed := false
	err := s.watched(ctx, func(bool) ([]Status, error) { return s.holder.Status(context.Background(), r.Batches, nil) },
		func(ctx context.Context) (err error) {
			fed, err = s.feedAndWait(ctx, r)
			return err
		})
	if err = s.ended(err); errors.Is(err, ErrHolderEnded) {
		out := Outcome{Err: err, Read: r.Feed.Reading != nil, Fed: fed}
		if out.Read {
			out.Sources = r.Feed.End()
		}
		return out
	}
	audits := map[string]*AuditResult{}
	err = s.verify(ctx, r, audits, err)
	return s.remoteOutcome(ctx, r, audits, err)
}

// ended returns ErrHolderEnded for an error that follows from the end of the holder.
func (s *Remote) ended(err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-s.holder.Ended():
		return ErrHolderEnded
	default:
		return err
	}
}

// lastAnswer is how long to wait for the status at the end of a wait.
const lastAnswer = 2 * time.Second

// remoteOutcome returns how the wait ended.
func (s *Remote) remoteOutcome(ctx context.Context, r RunRequest, audits map[string]*AuditResult, err error) Outcome {
	out := Outcome{Err: err, Read: r.Feed.Reading != nil}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswer)
	defer cancel()
	all, err := s.holder.Status(last, r.Batches, nil)
	if last.Err() != nil && out.Err != nil {
		return Outcome{Err: out.Err} // the holder does not answer now
	}
	if err != nil {
		return Outcome{Err: Join(out.Err, s.ended(err))}
	}
	out.setBatches(all, r.Feed, audits)
	return out
}

// feedAndWait reads, and waits for the work of the holder at the same time. It reports whether the sources were read.
func (s *Remote) feedAndWait(ctx context.Context, r RunRequest) (bool, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var reading sync.WaitGroup
	var readErr error
	fed := make(chan struct{})
	go func() {
		select {
		case <-s.holder.Ended(): // also by its Close
			end(ErrHolderEnded)
		case <-ctx.Done():
		}
	}()
	if r.ReadFirst != "" {
		s.c.Log.Info().Str("batch", r.Feed.Batch).Msg(r.ReadFirst)
		if err := s.holder.Hold(ctx, r.Feed.Batch); err != nil {
			return false, err
		}
	}
	reading.Go(func() {
		defer close(fed)
		if readErr = s.read(ctx, r.Feed); readErr != nil {
			end(readErr)
		}
	})
	if r.ReadFirst != "" {
		<-fed
	}
	err := context.Cause(ctx)
	for i := 0; i < len(r.Batches) && r.Canary != nil && err == nil; i++ {
		_, err = s.holder.Set(ctx, SetRequest{Batch: r.Batches[i], Canary: r.Canary})
	}
	if err == nil {
		err = s.wait(ctx, r, fed)
	}
	end(err)
	reading.Wait()
	if err == nil || errors.Is(readErr, context.Cause(ctx)) && errors.Is(err, context.Cause(ctx)) {
		err = Join(readErr, err)
	}
	return readErr == nil, err
}

// waitPoll is how often a process that waits for the holder asks it.
const waitPoll = 500 * time.Millisecond

// wait waits until nothing more will be added to the batches and the holder has sent them.
func (s *Remote) wait(ctx context.Context, r RunRequest, fed <-chan struct{}) error {
	t := time.NewTicker(waitPoll)
	defer t.Stop()
	reading, paused := fed, true
	tellUnworked := sync.OnceFunc(func() {
		s.c.Log.Info().Stringer("holder", s.holder).Msg("the process that holds the queue does not work this batch: this one waits for its end, and then goes on")
	})
	for first := true; ; first = false {
		left, running, err := s.left(ctx, r, first)
		if paused = paused && beganPaused(left, err); paused && reading != nil { // it begins in a pause: its sources are read first
			left, running, err = true, true, nil
		}
		if err != nil {
			return s.endOf(ctx, err)
		}
		if left && !running {
			tellUnworked()
		}
		if reading == nil && (!left || r.Detach) {
			return nil
		}
		select {
		case <-ctx.Done():
			return s.endOf(ctx, context.Cause(ctx))
		case <-s.holder.Ended():
			return ErrHolderEnded
		case <-reading:
			reading = nil
		case <-t.C:
		}
	}
}

// beganPaused reports whether nothing was sent yet: there is nothing to send, or a pause.
func beganPaused(left bool, err error) bool { return err == nil && !left || stop.IsLimit(err) }

// endOf returns the error of a wait that has ended early.
func (s *Remote) endOf(ctx context.Context, err error) error {
	if err = s.ended(err); errors.Is(err, ErrHolderEnded) || ctx.Err() == nil {
		return err
	}
	return &LeftError{Holder: s.holder.String(), Err: context.Cause(ctx)}
}

// withHolder adds to a stop whose remedy needs the queue for itself who holds it.
func (s *Remote) withHolder(err error) error {
	var stopped *stop.Error
	if !errors.As(err, &stopped) || stopped.Reason != stop.Setup {
		return err
	}
	return stop.Errorf(stop.Setup, "%v\n%s holds the queue: end that in good order first (Ctrl-C), for the command needs the queue for itself", err, s.holder)
}

// left reports whether something of the batches is left to do, and whether the holder sends them all.
func (s *Remote) left(ctx context.Context, r RunRequest, first bool) (left, running bool, err error) {
	running = true
	for _, id := range r.Batches {
		w, err := s.holder.Work(ctx, WorkRequest{id, first, r.Pool.LookupsOnly})
		if err != nil {
			return false, false, s.withHolder(err)
		}
		st := &w.Status
		some := st.Left() > 0 || st.Canary.Awaited()
		if r.Pool.LookupsOnly {
			some = st.InDoubt > 0
		}
		if some && r.Pool.ExitOnCap && st.PausedUntil != nil && !st.ByHand {
			return false, false, stop.Errorf(stop.Limit, "%s; the same command carries on after %s (--on-daily-cap exit)", st.Reason, st.PausedUntil.Format(time.RFC3339))
		}
		left, running = left || some, running && w.Running
	}
	return left, running, nil
}
