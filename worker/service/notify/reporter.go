package notify

import (
	"context"
	"time"

	"airlift/worker/service"
)

// closeBound is how long the end of a command may wait for its notifications.
const closeBound = 10 * time.Second

// Reporter finds the events of one command and delivers them. A nil Reporter does nothing.
type Reporter struct {
	watcher  Watcher
	notifier *Notifier
	ended    bool
}

// NewReporter returns a reporter; nil if nobody is to be told. Close must be called.
//
// Errors: those of [New].
func NewReporter(c Config) (*Reporter, error) {
	n, err := New(c)
	if n == nil {
		return nil, err
	}
	return &Reporter{watcher: Watcher{Tell: n.Tell}, notifier: n}, nil
}

// Begin reads the queue before the work begins, and reports what happens from then on. elsewhere says that another process does
// the work: then that one reports, to whom it was told to.
func (r *Reporter) Begin(ctx context.Context, elsewhere bool, now func(context.Context) (service.Overview, error)) {
	if r == nil {
		return
	}
	if r.watcher.Mute(elsewhere); elsewhere {
		r.notifier.c.Log.Info().Msg("the process that holds the queue notifies, by its own --notify and --hook")
		return
	}
	if o, err := now(ctx); err == nil { // else the work itself ends with the error
		r.watcher.Begin(&o)
	}
}

// Watch reports what happens until done is closed.
func (r *Reporter) Watch(done <-chan struct{}, now func(context.Context) (service.Overview, error)) {
	if r != nil {
		r.watcher.Watch(done, now)
	}
}

// End reports how the command has ended; only the first call does.
func (r *Reporter) End(ctx context.Context, now func(context.Context) (service.Overview, error), e End) {
	if r == nil || r.ended {
		return
	}
	r.ended = true
	var last *service.Overview
	if now != nil && !r.watcher.muted {
		if o, err := now(ctx); err == nil {
			last = &o
		}
	}
	r.watcher.End(last, e)
}

// Try delivers one event, and returns what came of it; see [Notifier.Try]. The command reports no other.
func (r *Reporter) Try(ctx context.Context, e Event) []Result {
	r.ended = true
	return r.notifier.Try(ctx, e)
}

// Close waits for the deliveries, at most for closeBound.
func (r *Reporter) Close() {
	if r != nil {
		r.notifier.Close(closeBound)
	}
}
