package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/bolt/temporary"
	"airlift/queue/intake"
	"airlift/worker/service"
)

// flags returns the context in which flags are parsed.
func (a *app) flags() *flags.Context {
	return &flags.Context{In: a.in, Env: a.env(), Rules: a.rules, Services: &a.services, Log: a.log}
}

// readOptions returns how the flags say that the sources are read, and names what is missing.
func (a *app) readOptions(ctx context.Context, o *flags.Read, args []string, profile string, m *flags.Missing) (intake.Options, error) {
	out, err := o.Options(ctx, a.flags(), args, profile, m)
	out.Place, out.BatchSize, out.Scratch, out.Account = a.queuePath(), a.heap().Bound, temporary.Open, a.accounts.Name
	return out, err
}

// prepare prepares a reading. m are the settings found missing so far.
func (a *app) prepare(ctx context.Context, o intake.Options, m flags.Missing, at connect.Place) (*intake.Intake, error) {
	var db queue.Store
	o.Incomplete = len(m) > 0
	o.Open = func(create bool) (_ queue.Store, err error) {
		db, err = a.openQueue(ctx, at, create)
		return db, err
	}
	o.NoBatch = func(ctx context.Context, id string) error {
		_, err := a.service(db, time.Now()).Named(ctx, id)
		return err
	}
	t, err := intake.Prepare(ctx, o)
	var bad *intake.BadRowsError
	switch {
	case m.AddAll(err):
		return nil, m.Err()
	case errors.Is(err, queue.ErrBatchExists):
		return nil, &exit.Error{Code: exit.WorkLeft, Text: err.Error() + ": another process has just made it, and standard input cannot be read again: run the same command again"}
	case errors.As(err, &bad):
		text := fmt.Sprintf("--strict: nothing was enqueued, for %d rows are bad:", bad.Rows)
		for _, r := range bad.First {
			text += "\n  " + term.Rejected(&r)
		}
		return nil, config.Usagef("%s", text)
	}
	return t, err
}

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
	case err == nil, ctx.Err() == nil, exit.IsUsage(err), errors.Is(err, queue.ErrBroken), errors.Is(err, queue.ErrLocked):
		return err
	}
	return context.Cause(ctx)
}

// untilRead calls read again while the process that holds the queue ends before the sources are read into it.
func (a *app) untilRead(sources []string, read func() error) error {
	for {
		err := read()
		if !errors.Is(err, service.ErrHolderEnded) {
			return err
		}
		if i := slices.IndexFunc(sources, flags.ReadOnce); i >= 0 {
			return &exit.Error{Code: exit.Incomplete, Text: fmt.Sprintf("%v before %s was read to its end, and that cannot be read again: run the same command again with all rows", err, sources[i])}
		}
		a.log.Info().Msg("the process that held the queue has ended: the sources are read again")
	}
}
