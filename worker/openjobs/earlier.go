package openjobs

import (
	"time"

	"airlift/queue"
)

const (
	// endsWithin is how long a job may take at most: what was accepted before has ended.
	endsWithin = 14 * 24 * time.Hour
	// acceptedApart is how much later than the last instant of [queue.Batch.Accepted] the last job can have been accepted.
	acceptedApart = 10 * time.Second
)

// EarlierOf returns the batches of an account that may have open jobs of earlier runs, and from when on AiR lists these. opened is when
// the queue was opened, and settle how long AiR may take to list a job.
func EarlierOf(all []queue.Batch, account string, opened time.Time, settle time.Duration) (earlier []Earlier) {
	for _, b := range all {
		if b.AccountName() != account || b.Counts.Submitted+b.Counts.InDoubt == 0 {
			continue
		}
		last := opened
		if n := len(b.Accepted); n > 0 && b.Counts.InDoubt == 0 && b.Accepted[n-1].Add(acceptedApart).Before(opened) {
			last = b.Accepted[n-1].Add(acceptedApart)
		}
		if opened.Sub(last) < endsWithin {
			earlier = append(earlier, Earlier{Batch: b.ID, From: last.Add(settle)})
		}
	}
	return earlier
}
