package main

import (
	"context"
	"errors"
	"time"

	"airlift/queue"
)

// abandonAfter is how long to wait for a step after the end of its context: it may block on a pipe.
const abandonAfter = 500 * time.Millisecond

// within calls f and returns its error or, once ctx is done, the cause. If f does not return soon after that, it is
// abandoned: then nothing that f uses may be touched, and the process must end.
func within(ctx context.Context, f func() error) (abandoned bool, err error) {
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		select {
		case err = <-ended:
		case <-time.After(abandonAfter):
			return true, context.Cause(ctx)
		}
	}
	return false, endedBy(ctx, err)
}

// endedBy returns the cause of ctx's end in place of an error that follows from it, but for errors that say more.
func endedBy(ctx context.Context, err error) error {
	switch {
	case err == nil, ctx.Err() == nil, isUsage(err), errors.Is(err, queue.ErrBroken), errors.Is(err, queue.ErrLocked):
		return err
	}
	return context.Cause(ctx)
}
