package openjobs

import (
	"slices"
	"time"
)

const (
	// lifetimesKept is how many of the latest lifetimes are kept.
	lifetimesKept = 64
	// shortest and longest bound the time between two requests for the same jobs.
	shortest = time.Second
	longest  = 5 * time.Minute
)

// lifetimes are how long the latest jobs took from their acceptance to their end.
type lifetimes struct {
	latest []time.Duration
	next   int
	// exact says that AiR told the latest one; else it is how old the job was when its end was seen, which is too long.
	exact bool
}

// add adds a lifetime.
func (l *lifetimes) add(took time.Duration, exact bool) {
	l.exact = exact
	if len(l.latest) < lifetimesKept {
		l.latest = append(l.latest, took)
		return
	}
	l.latest[l.next] = took
	l.next = (l.next + 1) % lifetimesKept
}

// least returns the age from which on a job may have ended; 0: not known. It lies below what was seen, so that it follows when jobs
// become shorter.
func (l *lifetimes) least() time.Duration {
	if len(l.latest) == 0 {
		return 0
	}
	tenth := l.quantile(10)
	if l.exact {
		return tenth * 8 / 10
	}
	return tenth / 2
}

// pause returns how long to wait between two questions; oldest is the age of the oldest open job.
func (l *lifetimes) pause(oldest time.Duration) time.Duration {
	if len(l.latest) == 0 {
		return bounded(oldest / 10)
	}
	return bounded(l.quantile(50) / 25)
}

// again returns how long to wait until a job of an age is asked for again.
func (l *lifetimes) again(age time.Duration) time.Duration {
	return max(l.pause(age), bounded(age/25))
}

func (l *lifetimes) quantile(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(l.latest))
	return sorted[len(sorted)*percent/100]
}

func bounded(d time.Duration) time.Duration { return min(max(d, shortest), longest) }
