package service

import (
	"context"
	"errors"

	"airlift/queue"
	"airlift/queue/intake"
	"airlift/worker"
	"airlift/worker/service/canary"
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
	// PoolOf, if not nil, says that for each account instead. Its error says what is missing; then the batches of the others are
	// sent. Pool has what all have in common: LookupsOnly and ExitOnCap.
	PoolOf func(account string) (worker.Config, error)
	// Accounts are those that Serve begins at once, without waiting for a batch of theirs. Default: that of the service.
	Accounts []string
	// Account, if not empty, is the only account whose batches Serve sends.
	Account string
	// Batches are the ids; none: all batches. They take turns.
	Batches []string
	// Feed is read while the batches are worked. The zero Feed reads nothing.
	Feed Feed
	// ReadFirst, if not empty, says why the sources are read to their end before anything is sent.
	ReadFirst string
	// Canary, if not nil, asks for a sample of each batch that is sent before the rest. The sources are read first then.
	Canary *canary.Request
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
	// Ends says why the work on each account ended, if they are several; without Err it is done.
	Ends []AccountError
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

// Run sends batches, and reads sources into one of them at the same time. Batches of several accounts are worked side by side.
func (s *Service) Run(ctx context.Context, r RunRequest) Outcome {
	if err := s.named(ctx, &r); err != nil {
		return Outcome{Err: err}
	}
	f, err := s.newFleet(ctx, r)
	if err != nil {
		return Outcome{Err: err}
	}
	err = s.watched(ctx, func(bool) ([]Status, error) { return f.now(context.Background(), false) }, f.run)
	audits := map[string]*AuditResult{}
	err = s.verify(ctx, r, audits, err)
	out := outcomeOf(r.Feed, audits, err, func() ([]Status, error) { return f.now(context.WithoutCancel(ctx), true) })
	out.Ends = f.ends
	return out
}

// verify compares the batches with AiR's list, if that is asked for and the run ended well.
func (s *Service) verify(ctx context.Context, r RunRequest, audits map[string]*AuditResult, err error) error {
	for i := 0; i < len(r.Batches) && err == nil && r.Verify != nil; i++ {
		audit := *r.Verify
		audit.Batch = r.Batches[i]
		if r.PoolOf != nil {
			var b queue.Batch
			var c worker.Config
			if b, err = s.Batch(ctx, audit.Batch); err != nil {
				return err
			}
			if c, err = r.PoolOf(b.AccountName()); err != nil {
				return err
			}
			audit.API, audit.Limiter = c.API, c.Limiter
		}
		audits[audit.Batch], err = s.Audit(ctx, audit)
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
		if r.ReadFirst == "" && r.Feed.Reading != nil && b.ID == r.Feed.Batch {
			r.ReadFirst = r.Canary.ReadFirst(&b)
		}
		r.Batches = append(r.Batches, b.ID)
	}
	return nil
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
func (s *Service) outcome(ctx context.Context, batch string, f Feed, audits map[string]*AuditResult, err error) Outcome {
	return outcomeOf(f, audits, err, func() ([]Status, error) {
		return s.Status(context.WithoutCancel(ctx), StatusQuery{Batches: []string{batch}})
	})
}

// outcomeOf returns how work ended, with the status of the batches.
func outcomeOf(f Feed, audits map[string]*AuditResult, err error, status func() ([]Status, error)) Outcome {
	out := Outcome{Err: err, Read: f.Reading != nil}
	all, err := status()
	if err != nil {
		return Outcome{Err: Join(out.Err, err)}
	}
	out.setBatches(all, f, audits)
	return out
}
