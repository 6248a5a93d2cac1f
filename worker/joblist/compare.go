package joblist

import (
	"context"
	"fmt"
	"time"

	"airlift/worker/air"
	"airlift/worker/stop"
)

// retention is how long AiR is assumed to list a job.
const forgets = 7 * 24 * time.Hour

// CheckMatch reads the newest page of the batch, and returns a stop if queue and AiR do not belong together: another
// account, a lost queue, or one restored from an old copy. known is false if the page could not be read; then err says why.
func (b *Batch) CheckMatch(ctx context.Context) (known bool, err error) {
	newest := newestFirst(retrying(b.List), b.ID, maxLookupPages)
	for {
		page, err := newest.next(ctx)
		switch {
		case err != nil:
			return false, err
		case page.end():
			return true, b.compareNone(ctx)
		}
		ours, err := b.compare(ctx, page.jobs)
		if err == nil && ours == 0 {
			ours, err = b.compareOdd(ctx, page.odd)
		}
		if err != nil || ours > 0 {
			return true, err
		}
	}
}

// compare counts the jobs of the batch on a page, and returns a stop if one of them does not match the queue.
func (b *Batch) compare(ctx context.Context, jobs []air.Job) (ours int, err error) {
	for _, j := range jobs {
		if j.Batch != b.ID {
			continue // the filter may match in part
		}
		got, err := b.items.match(ctx, j)
		if err != nil {
			return 0, err
		}
		if (!got.found || !got.Sent && !got.MayHaveJob()) && !b.Unproven { // else it is looked up before it is sent
			return 0, stop.Errorf(stop.Setup, "AiR holds job %s of batch %q for %q, which this queue never sent: %s",
				j.ID, b.ID, "s3://"+j.Source.Bucket+"/"+j.Source.ObjectKey, b.remedy())
		}
		ours++
	}
	return ours, nil
}

// remedy says what to do about a queue that does not match AiR's list.
func (b *Batch) remedy() string {
	return fmt.Sprintf("nothing was sent. If the queue file was lost or is an old copy, rebuild it from AiR's list with\n  %s\n"+
		"or give the batch another id with --batch; if you are sure that the queue is right, use --trust-queue", b.AdoptCommand(b.ID))
}

// compareNone returns a stop if the queue knows of jobs that AiR would still list.
func (b *Batch) compareNone(ctx context.Context) error {
	known, err := b.Store.Batch(ctx, b.ID)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, at := range known.Accepted {
		if age := now.Sub(at); age > b.Settle && age < forgets {
			return stop.Errorf(stop.Setup, "this queue submitted jobs of batch %q (the latest at %s), but AiR lists none: are the URL and the account the same as before? %s",
				b.ID, known.Accepted[len(known.Accepted)-1].UTC().Format(time.RFC3339), b.remedy())
		}
	}
	return nil
}

// compareOdd counts the unreadable records of the page that may be jobs of this queue, and returns a stop if
// all belong to others: then AiR holds jobs of the batch that this queue does not know.
func (b *Batch) compareOdd(ctx context.Context, odd []air.UnreadableJob) (ours int, err error) {
	odd = oddOf(odd, b.ID)
	for _, o := range odd {
		got, err := b.items.match(ctx, o.Job)
		if err != nil {
			return 0, err
		}
		if got.found && (got.Sent || got.MayHaveJob() || b.Unproven) {
			ours++
		}
	}
	if ours == 0 && len(odd) > 0 {
		return 0, stop.Errorf(stop.Setup, "AiR holds a job of batch %q that cannot be read (%v), and none that this queue knows: %s", b.ID, odd[0].Err, b.remedy())
	}
	return ours, nil
}
