package service

import (
	"context"
	"sync"
	"time"

	"airlift/queue"
	"airlift/worker"
)

// placeEvery is how often a service that works checks that the queue file is still in its place.
const placeEvery = 2 * time.Second

// watched calls do, and cancels its context if the queue file is replaced meanwhile. The watcher, if there is one, is
// told how the batches stand until do returns; now returns nil where that cannot be read.
func (s *Service) watched(ctx context.Context, now func(done <-chan struct{}) []Status, do func(context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		t := time.NewTicker(placeEvery)
		defer t.Stop()
		for {
			if err := queue.CheckPlace(s.Store); err != nil {
				end(err) // the first cause counts
			}
			select {
			case <-done:
				return
			case <-t.C:
			}
		}
	})
	if s.Watch != nil {
		watching.Go(func() { s.Watch(done, func() []Status { return now(done) }) })
	}
	err := do(ctx)
	close(done)
	watching.Wait()
	if lost := queue.CheckPlace(s.Store); lost != nil {
		return lost
	}
	return err
}

// Watched calls do, which works on a batch without a pool.
func (s *Service) Watched(ctx context.Context, batch string, do func(context.Context) error) error {
	return s.watched(ctx, s.atWork(batch), do)
}

// atWork tells how a batch stands that is worked on without a pool.
func (s *Service) atWork(batch string) func(done <-chan struct{}) []Status {
	return func(done <-chan struct{}) []Status {
		all, err := s.Status(context.Background(), StatusQuery{Batches: []string{batch}})
		if err != nil {
			return nil // the work itself ends with this error
		}
		select {
		case <-done:
		default:
			all[0].State = string(worker.Running)
		}
		return all
	}
}
