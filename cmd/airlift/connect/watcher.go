package connect

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/worker/service"
	"airlift/worker/service/api"
)

// Watcher reads overviews of a queue repeatedly, from its holder or from the file. It opens the file only for the time of a
// read. It is not safe for concurrent use.
type Watcher struct {
	Config
	holder *api.Holder // nil: none was found
	seen   os.FileInfo // the file at the latest look, nil: none
	latest service.Overview
}

// Overview returns the overview of the queue: its holder's or, of a queue at rest, one of the file.
//
// Errors: those of [bolt.Open], and [queue.ErrLocked] for a holder that cannot be asked.
func (w *Watcher) Overview(ctx context.Context) (service.Overview, error) {
	for deadline := time.Now().Add(LockTimeout); ; {
		o, err := w.look(ctx)
		if !errors.Is(err, queue.ErrLocked) || errors.Is(err, api.ErrVersion) || time.Now().After(deadline) || ctx.Err() != nil {
			return o, err
		}
		select { // its holder begins to listen, or ends
		case <-ctx.Done():
			return o, context.Cause(ctx)
		case <-time.After(lockGlance):
		}
	}
}

// look makes one attempt.
func (w *Watcher) look(ctx context.Context) (service.Overview, error) {
	if o, ok := w.askHolder(ctx); ok {
		return o, nil
	}
	db, err := w.ask()
	switch {
	case err == nil:
		h, _ := Holder(db)
		w.holder, w.seen = &h, nil
		return h.Overview(ctx)
	case errors.Is(err, api.ErrVersion):
		return service.Overview{}, err
	}
	return w.atRest(ctx)
}

// askHolder asks the holder that was found before, and reports false if there is none, or none any more.
func (w *Watcher) askHolder(ctx context.Context) (service.Overview, bool) {
	if w.holder == nil {
		return service.Overview{}, false
	}
	o, err := w.holder.Overview(ctx)
	if err == nil {
		return o, true
	}
	_ = w.Close() // it is gone, or there will be another connection
	return o, false
}

// atRest opens the queue, which others can open again at once. While the file stays as it was, it is not opened again.
func (w *Watcher) atRest(ctx context.Context) (service.Overview, error) {
	if now, err := os.Stat(w.Path); err == nil && w.seen != nil && os.SameFile(now, w.seen) && now.ModTime().Equal(w.seen.ModTime()) && now.Size() == w.seen.Size() && lasts(&w.latest, time.Now()) {
		w.latest.Time = time.Now().UTC()
		return w.latest, nil
	}
	db, err := bolt.Open(w.Path, bolt.Options{LockTimeout: lockGlance, MustExist: true})
	if err != nil {
		return service.Overview{}, err
	}
	o, err := service.New(service.Config{Store: db, Place: w.Path, Log: w.Log}).Overview(ctx)
	if err := errors.Join(err, db.Close()); err != nil {
		return o, err
	}
	w.latest = o
	w.seen, _ = os.Stat(w.Path) // nil: it is opened again
	return o, nil
}

// lasts reports whether an overview of a queue at rest is still right: no pause has ended, and no day.
func lasts(o *service.Overview, now time.Time) bool {
	over := func(end *time.Time) bool { return end != nil && !now.Before(*end) }
	pause := func(p *service.HandPause) bool { return p != nil && over(p.Until) }
	return queue.DayOf(o.Time) == queue.DayOf(now) && !over(o.Account.PausedUntil) && !pause(o.Account.ByHand) &&
		!slices.ContainsFunc(o.Batches, func(b service.BatchOverview) bool { return pause(b.ByHand) || over(b.PausedUntil) })
}

// Close ends the connection to the holder.
func (w *Watcher) Close() error {
	if w.holder == nil {
		return nil
	}
	h := w.holder
	w.holder = nil
	return h.Close()
}
