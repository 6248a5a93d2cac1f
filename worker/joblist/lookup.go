package joblist

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"airlift/queue"
	"airlift/worker/air"
)

// Codes of items in doubt that no further lookup can resolve.
const (
	// CodeTwoJobs: AiR holds more than one job for the item.
	CodeTwoJobs = "AIRLIFT_TWO_JOBS"
	// CodeNameTaken: AiR holds a job of our name and batch with another source.
	CodeNameTaken = "AIRLIFT_NAME_TAKEN"
	// CodeUnknownJob: AiR holds a job of the batch, not older than the attempt, that may be the item's under another name.
	CodeUnknownJob = "AIRLIFT_UNKNOWN_JOB"
)

// IsFinal reports whether an item in doubt with this code is not looked up again. [queue.CodeSameID] is not among them: a
// lookup settles it.
func IsFinal(code string) bool {
	return code == CodeTwoJobs || code == CodeNameTaken || code == CodeUnknownJob
}

// Found is what a lookup showed. The zero value: no such job.
type Found struct {
	JobID string
	// Code and Text are set when nothing can be concluded.
	Code, Text string
}

// Attempt is the item's latest attempt.
type Attempt struct {
	// Settled is the end of the item's settle window.
	Settled time.Time
	// Began returns the earliest time at which the attempt can have begun, by our clock.
	Began func() time.Time
}

// Lookup asks AiR for the item's job by its name (GET /jobs?batch=B&name=N). It compares the names itself, because AiR may
// match partially. A result without a job proves absence only if the lookup began after at.Settled, read up to an empty
// page (a server may shorten any page), and none of the batch's newest jobs can be the item's (see newest).
func (b *Batch) Lookup(ctx context.Context, c queue.Claimed, at Attempt) (Found, error) {
	named, err := b.lookupName(ctx, c)
	if err != nil || named != (Found{}) {
		return named, err
	}
	found, err := b.newest.lookup(ctx, b, c, at)
	var odd *errUnreadableJob
	if !c.Sent && (endsUnproven(err) || errors.As(err, &odd)) {
		return Found{}, nil // no attempt is known, and the adoption could not read more of the list either
	}
	return found, err
}

// named is what a lookup by name found.
type named struct {
	ids     []string // of the item's jobs
	similar *air.Job // one of them whose source has another spelling
	other   *air.Job // a job of this name that is not the item's, or may not be
}

// lookupName is Lookup by the name alone.
func (b *Batch) lookupName(ctx context.Context, c queue.Claimed) (Found, error) {
	var found named
	var seen batchCheck
	var odd error
	name := b.Name(&c.Item)
	err := readNamed(ctx, b.List, air.ListQuery{Batch: c.Batch, Name: name}, func(got page) (bool, error) {
		seen.observe(c.Batch, got.jobs)
		for _, o := range oddOf(got.odd, c.Batch) {
			odd = &errUnreadableJob{o.Err}
		}
		for i := range got.jobs {
			if j := &got.jobs[i]; j.Batch == c.Batch && j.Name == name {
				if err := b.note(ctx, &found, c, j); err != nil {
					return false, err
				}
			}
		}
		return got.short && len(found.ids) > 0, nil
	})
	if err != nil && !(endsUnproven(err) && len(found.ids) > 0) { // to prove presence no last page is needed
		return Found{}, err
	}
	if f := found.finding(); f != (Found{}) {
		if s := found.similar; s != nil && f.JobID != "" {
			b.Log.Warn().Str("batch", c.Batch).Str("key", c.Key).Str("job_id", s.ID).
				Str("listed_bucket", s.Source.Bucket).Str("listed_key", s.Source.ObjectKey).
				Msg("AiR lists this job with a source that differs only in its spelling; it counts as the item's job")
		}
		return f, nil
	}
	if odd != nil {
		return Found{}, odd
	}
	return Found{}, seen.absence()
}

// note adds a job of the item's name to what was found.
func (b *Batch) note(ctx context.Context, found *named, c queue.Claimed, j *air.Job) error {
	if !sameSource(j.Source, c.Bucket, c.Key) {
		taken, err := b.ofAnother(ctx, c, *j)
		if err != nil {
			return err
		}
		switch alike := similarSource(j.Source, c.Bucket, c.Key); {
		case alike == taken: // two items may be meant, or none of ours
			found.other = j
			return nil
		case taken: // the job of an item with the same name
			return nil
		}
		found.similar = j
	}
	if !slices.Contains(found.ids, j.ID) { // jobs added between two pages shift the rest
		found.ids = append(found.ids, j.ID)
	}
	return nil
}

// finding returns what follows for the item.
func (n *named) finding() Found {
	switch {
	case len(n.ids) > 1:
		return Found{Code: CodeTwoJobs, Text: fmt.Sprintf("AiR holds %d jobs for this object: %v", len(n.ids), n.ids)}
	case len(n.ids) == 1:
		return Found{JobID: n.ids[0]}
	case n.other != nil:
		return Found{Code: CodeNameTaken, Text: fmt.Sprintf("AiR's job %s has this item's name and batch, but another source", n.other.ID)}
	}
	return Found{}
}

// ofAnother reports whether a job is exactly that of another item: jobs may share a name that the manifest gives.
func (b *Batch) ofAnother(ctx context.Context, c queue.Claimed, j air.Job) (bool, error) {
	got, err := b.items.matchObject(ctx, queue.Object{Bucket: j.Source.Bucket, Key: j.Source.ObjectKey}, j.Name)
	return got.exact && got.Seq != c.Seq, err
}
