package joblist

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
)

// auditStore is what an audit needs of the queue.
type auditStore interface {
	queue.Reader
	queue.Admin
}

// Audit compares all jobs that AiR lists for a batch with the queue and, with Adopt, adopts the jobs that the queue lacks.
//
// The list is read in pages. Audit keeps two bits for each item (2.5 MB for ten million) and the ids of jobs
// that do not agree, at most 100,000 of them (some 30 MB).
type Audit struct {
	Store   auditStore
	API     API
	Limiter *ratelimit.Limiter
	Batch   string
	// Settled is when AiR must list every job it accepted from this queue; the list is read after that. It is one
	// settle window after the queue was opened, because nothing was sent since.
	Settled time.Time
	// GiveUp is how long requests for one page may fail; 30 m.
	GiveUp time.Duration
	// Adopt marks items whose jobs are listed as submitted, page by page, and adds items for jobs of objects that the batch
	// does not have.
	Adopt bool
	// Report is called with each finding, from one goroutine; its error ends the audit.
	Report func(Finding) error
	Log    zerolog.Logger

	items *matcher
	tally Tally
	// agreed: the item's own job is listed; other: a job that is not the item's own.
	agreed, other queue.Bits
	held          heldJobs
	// unclear are jobs of objects that the batch does not have and whose names do not prove that; see settleUnclear.
	unclear []air.Job
}

// Run reads AiR's list to its end and compares it. After an error the comparison is incomplete, and nothing may be
// concluded from missing jobs; jobs adopted so far stay adopted. The tally covers what was read.
//
// An adoption is stored in the batch as begun, and as ended once the queue knows all jobs that AiR has for the batch's
// objects, with or without proof that there are no others.
func (a *Audit) Run(ctx context.Context) (Tally, error) {
	if a.GiveUp == 0 {
		a.GiveUp = GiveUp
	}
	if a.Adopt {
		if err := a.Store.SetAdoption(ctx, a.Batch, queue.AdoptionBegun); err != nil {
			return a.tally, err
		}
	}
	b, err := a.Store.Batch(ctx, a.Batch)
	if err != nil {
		return a.tally, err
	}
	names, err := queue.NewNamer(b)
	if err != nil {
		return a.tally, err
	}
	a.items = &matcher{store: a.Store, batch: a.Batch, names: names}
	if wait := time.Until(a.Settled); wait > 0 {
		a.Log.Info().Str("batch", a.Batch).Stringer("wait", wait.Round(time.Second)).Msg("waiting until AiR must list all that it accepted (--settle)")
		if err := ratelimit.Sleep(ctx, wait); err != nil {
			return a.tally, err
		}
	}
	l := listing{api: a.API, limiter: a.Limiter, batch: a.Batch, giveUp: a.GiveUp, log: a.Log}
	proof, err := l.each(ctx, func(jobs []air.Job, odd []air.UnreadableJob) error {
		if a.tally.Pages++; a.tally.Pages%progressEvery == 0 {
			a.Log.Info().Str("batch", a.Batch).Int64("pages", a.tally.Pages).Int64("jobs", a.tally.Jobs).
				Int64("adopted", a.tally.Adopted).Msg("reading AiR's list of jobs")
		}
		return a.page(ctx, jobs, odd)
	})
	if err == nil && !proof {
		a.tally.Unproven = true
		err = a.lookUpRest(ctx, &l)
	}
	if err == nil {
		err = a.conclude(ctx)
	}
	if err == nil && a.Adopt && a.tally.Unknown+a.tally.Unreadable == 0 {
		err = a.Store.SetAdoption(ctx, a.Batch, adoption(proof))
	}
	a.tally.Complete = err == nil
	return a.tally, err
}

// adoption returns the state of a completed adoption, with or without proof that there are
// no other jobs.
func adoption(proof bool) queue.Adoption {
	if proof {
		return queue.AdoptionProven
	}
	return queue.AdoptionUnproven
}

// progressEvery is how many pages pass from one line of progress to the next: some three minutes at 5 requests a second.
const progressEvery = 1000

// page compares the jobs of one page, and stores what is adopted before the next is asked for.
func (a *Audit) page(ctx context.Context, jobs []air.Job, odd []air.UnreadableJob) error {
	if err := a.odd(odd); err != nil {
		return err
	}
	if a.Adopt {
		if err := a.adoptNew(ctx, jobs); err != nil {
			return err
		}
	}
	var adopt []queue.Adopted
	adopting := map[uint64]string{}
	for _, j := range jobs {
		got, err := a.items.match(ctx, j)
		if err != nil {
			return err
		}
		if got.found && adopting[got.Seq] != "" {
			got.State, got.JobID = queue.Submitted, adopting[got.Seq]
		}
		switch {
		case !got.found:
			if err := a.unknown(j); err != nil {
				return err
			}
		case got.State == queue.Submitted && got.JobID == j.ID:
			a.agrees(got.Seq)
		case a.Adopt && got.State != queue.Submitted:
			adopt = append(adopt, adopted(got.Seq, j, time.Now()))
			adopting[got.Seq] = j.ID
		default:
			a.differs(got.Seq, j.ID)
		}
	}
	return a.adoptItems(ctx, adopt)
}

// adoptItems marks items as submitted whose jobs are listed.
func (a *Audit) adoptItems(ctx context.Context, adopt []queue.Adopted) error {
	if len(adopt) == 0 {
		return nil
	}
	n, err := a.Store.Adopt(ctx, a.Batch, adopt)
	if err != nil {
		return err
	}
	a.tally.Adopted += int64(n)
	for _, done := range adopt {
		a.agrees(done.Seq)
	}
	return nil
}

// agrees counts the item's own job.
func (a *Audit) agrees(seq uint64) {
	if !a.agreed.Has(seq) {
		a.agreed.Add(seq)
		a.tally.Jobs++
		a.tally.Agreed++
	}
}

// differs records a job that is not the item's own; conclude reports it.
func (a *Audit) differs(seq uint64, id string) {
	a.other.Add(seq)
	if a.held.add(seq, id) {
		a.tally.Jobs++
	}
}

// unknown reports a job for an object or version that the queue does not have; an adoption keeps it in unclear instead.
func (a *Audit) unknown(j air.Job) error {
	later := a.Adopt && len(a.unclear) < maxHeld
	if !a.held.add(noItem, j.ID) {
		return nil
	}
	if later {
		a.unclear = append(a.unclear, j)
		return nil
	}
	a.tally.Jobs++
	return a.report(Finding{Kind: UnknownObject, Bucket: j.Source.Bucket, Key: j.Source.ObjectKey, Listed: []string{j.ID}})
}

// conclude compares all items with the complete list, and reports the differences.
func (a *Audit) conclude(ctx context.Context) error {
	if err := a.settleUnclear(ctx); err != nil {
		return err
	}
	b, err := a.Store.Batch(ctx, a.Batch)
	if err != nil {
		return err
	}
	if len(a.other) == 0 && (a.Adopt || a.tally.Agreed == b.Counts.Submitted) {
		return nil // all items that are submitted have their jobs
	}
	return queue.Entries(ctx, a.Store, a.Batch, queue.Filter{}, func(e *queue.Entry) error {
		f := a.compare(e)
		if f.Kind == "" {
			return nil
		}
		return a.report(f)
	})
}

// compare returns the finding for an item; its Kind is empty if there is none.
func (a *Audit) compare(e *queue.Entry) Finding {
	agreed, other := a.agreed.Has(e.Seq), a.other.Has(e.Seq)
	f := Finding{Bucket: e.Bucket, Key: e.Key, State: e.State, JobID: e.JobID, Listed: []string{}}
	if agreed {
		f.Listed = append(f.Listed, e.JobID)
	}
	f.Listed = append(f.Listed, a.held.ids[e.Seq]...)
	switch {
	case other && (agreed || len(f.Listed) > 1):
		f.Kind = TwoJobs
	case other && e.State == queue.Submitted:
		f.Kind = OtherJob
	case other:
		f.Kind = NotSubmitted
	case !agreed && !a.Adopt && e.State == queue.Submitted:
		f.Kind = NotListed
	}
	return f
}
