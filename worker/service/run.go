package service

import (
	"context"
	"errors"
	"sync"
	"time"

	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/plan"
	"airlift/worker"
)

// Feed is sources that are read into a batch.
type Feed struct {
	*intake.Reading
	Batch string
}

// RunRequest asks to send batches until no item is left.
type RunRequest struct {
	// Pool says how items are sent. The service sets Store, Batches, Fed, Account, Opened and Log.
	Pool worker.Config
	// Batches are the ids; none: all batches. They take turns.
	Batches []string
	// Feed is read while the batches are worked. The zero Feed reads nothing.
	Feed Feed
	// ReadFirst, if not empty, says why the sources are read to their end before anything is sent.
	ReadFirst string
	// Settings, if not nil, replaces the job settings of the batches before anything is sent. A field that is not set keeps
	// what the batch has.
	Settings *queue.Settings
	// Incomplete says that the caller lacks settings of its own. Then nothing is sent, and the error is an
	// [intake.MissingError] with what the batches lack.
	Incomplete bool
	// Serve works all batches of the queue and those that come, and ends with the context alone. Batches and Feed are not used.
	Serve bool
	// Detach ends the call once the sources are read, if another process holds the queue.
	Detach bool
	// Verify, if not nil, says how each batch is compared with AiR's list at the end.
	Verify *AuditRequest
}

// Outcome is how a run ended.
type Outcome struct {
	// Err says why it ended before its work was done; nil: it is done.
	Err error
	// Batches is the status of the batches; nil if the work did not begin, or if the queue cannot be read.
	Batches []Status
	// Sources says what went wrong with the sources that were read.
	Sources intake.End
	// Read says that sources were read, and Fed that all of them were read into the queue.
	Read, Fed bool
}

// AddReading adds what an earlier part of a run says of the sources that it has read.
func (o *Outcome) AddReading(before Outcome, f Feed) {
	o.Read, o.Fed, o.Sources = before.Read, before.Fed, before.Sources
	o.addFeed(f)
}

// addFeed adds to the status of the batch that was read what only the reading knows.
func (o *Outcome) addFeed(f Feed) {
	for i := range o.Batches {
		if b := &o.Batches[i]; o.Read && b.Batch == f.Batch {
			b.Unmatched, b.AcceptedEarlier = f.Unmatched(), f.Accepted
		}
	}
}

// setBatches sets the status of the batches, with the audits and what the reading says.
func (o *Outcome) setBatches(all []Status, f Feed, audits map[string]*AuditResult) {
	o.Batches = append([]Status{}, all...)
	for i := range o.Batches {
		o.Batches[i].Audit = audits[o.Batches[i].Batch]
	}
	if o.Read {
		o.Sources = f.End()
	}
	o.addFeed(f)
}

// Run sends batches, and reads sources into one of them at the same time.
func (s *Service) Run(ctx context.Context, r RunRequest) Outcome {
	if err := s.named(ctx, &r); err != nil {
		return Outcome{Err: err}
	}
	fed := make(chan struct{})
	c := r.Pool
	c.Store, c.Batches, c.Account, c.Opened, c.Fed, c.Log = s.c.Store, r.Batches, s.c.Account, s.c.Opened, fed, s.c.Log
	if c.Observer == nil && s.c.Host.Observer != nil {
		c.Observer = s.c.Host.Observer(c.Account)
	}
	pool, err := worker.New(c)
	if err != nil {
		return Outcome{Err: err}
	}
	defer s.c.Host.begin(Running{Account: c.Account, Pool: pool, Batches: r.Batches, Address: c.Address, Since: time.Now()})()
	q := StatusQuery{Batches: r.Batches, InTurn: true}
	if !c.LookupsOnly {
		limits := plan.NewLimits(c.Limiter.Rate(), c.DailyLimit)
		q.Limits = &limits
	}
	err = s.watched(ctx, func(bool) ([]Status, error) {
		q, run := q, pool.Progress()
		q.Now, q.Run = pool.Now(), &run
		if q.Limits != nil {
			limits := runLimits(pool)
			q.Limits = &limits
		}
		if r.Serve {
			q.Batches = pool.Worked()
		}
		if len(q.Batches) == 0 {
			return []Status{}, nil
		}
		return s.Status(context.Background(), q)
	}, func(ctx context.Context) error { return s.feedAndSend(ctx, r, pool, fed) })
	audits := map[string]*AuditResult{}
	err = s.verify(ctx, r, audits, err)
	q.Now = pool.Now()
	return s.outcome(ctx, q, r.Feed, audits, err)
}

// verify compares the batches with AiR's list, if that is asked for and the run ended well.
func (s *Service) verify(ctx context.Context, r RunRequest, audits map[string]*AuditResult, err error) error {
	for i := 0; i < len(r.Batches) && err == nil && r.Verify != nil; i++ {
		r.Verify.Batch = r.Batches[i]
		audits[r.Batches[i]], err = s.Audit(ctx, *r.Verify)
	}
	return err
}

// named replaces the batches of a request by the ids of those that it means, and stores its settings.
func (s *Service) named(ctx context.Context, r *RunRequest) error {
	if r.Serve {
		return nil
	}
	batches, err := s.Named(ctx, r.Batches...)
	if err == nil {
		err = s.replaceSettings(ctx, batches, *r)
	}
	if err != nil {
		return err
	}
	r.Batches = nil
	for _, b := range batches {
		r.Batches = append(r.Batches, b.ID)
	}
	return nil
}

// feedAndSend reads and sends at the same time, and returns why that ended.
func (s *Service) feedAndSend(ctx context.Context, r RunRequest, pool *worker.Pool, fed chan struct{}) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var feeding sync.WaitGroup
	var readErr error
	feeding.Go(func() {
		defer close(fed)
		if r.Serve {
			readErr = s.serving(ctx, pool)
		} else {
			readErr = s.read(ctx, r.Feed)
		}
		if readErr != nil && ctx.Err() == nil {
			end(readErr)
		}
		if s.c.OnFed != nil {
			s.c.OnFed()
		}
	})
	if !pool.LookupsOnly {
		feeding.Go(func() { s.keepForecasts(ctx, s.c.Account, pool) })
	}
	if r.ReadFirst != "" {
		s.c.Log.Info().Str("batch", r.Feed.Batch).Msg(r.ReadFirst)
		<-fed // a run that ends meanwhile stops reading
	}
	err := pool.Run(ctx)
	end(nil) // a run that ends early stops reading
	feeding.Wait()
	if err == nil {
		err = readErr
	}
	return err
}

// read reads the sources, if there are any, to their end.
func (s *Service) read(ctx context.Context, f Feed) (err error) {
	if f.Reading == nil {
		return nil
	}
	b, err := s.Batch(ctx, f.Batch)
	if err != nil {
		return causeOf(ctx, err)
	}
	end, err := s.c.Host.Read(b.AccountName(), f.Batch)
	if err != nil {
		return err
	}
	defer end()
	err = f.Into(ctx, s.c.Store, f.Batch)
	for _, text := range f.Unmatched() { // log now: the summary may come days later
		s.c.Log.Warn().Msg(text)
	}
	return err
}

// replaceSettings checks the settings of all batches of a run, and then stores them.
func (s *Service) replaceSettings(ctx context.Context, batches []queue.Batch, r RunRequest) error {
	var lacking Errors
	if r.Incomplete {
		lacking = Errors{&intake.MissingError{}}
	}
	for i := 0; i < len(batches) && r.Settings != nil; i++ {
		var missing *intake.MissingError
		err := intake.CheckSettings(ctx, s.c.Store, batches[i], r.Settings.Or(batches[i].Settings))
		if errors.As(err, &missing) {
			lacking = append(lacking, missing)
		} else if err != nil {
			return causeOf(ctx, err)
		}
	}
	if len(lacking) > 0 {
		return lacking
	}
	for i := 0; i < len(batches) && r.Settings != nil; i++ {
		if err := intake.ApplySettings(ctx, s.c.Store, batches[i], *r.Settings, s.c.Log); err != nil {
			return causeOf(ctx, err)
		}
	}
	return nil
}

// outcome returns how work ended. It does not stop at the end of ctx.
func (s *Service) outcome(ctx context.Context, q StatusQuery, f Feed, audits map[string]*AuditResult, err error) Outcome {
	out := Outcome{Err: err, Read: f.Reading != nil}
	all, err := s.Status(context.WithoutCancel(ctx), q)
	if err != nil {
		return Outcome{Err: Join(out.Err, err)}
	}
	out.setBatches(all, f, audits)
	return out
}
