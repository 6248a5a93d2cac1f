package service

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"airlift/queue"
	"airlift/worker"
)

// placeEvery is how often a service checks during work that the queue file was not replaced.
const placeEvery = 2 * time.Second

// watched calls do, and cancels its context if the queue file is replaced, because later changes would not be in the file at
// the queue's path. Until do returns it runs Watch with now.
func (s *Service) watched(ctx context.Context, now func(working bool) ([]Status, error), do func(context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		t := time.NewTicker(placeEvery)
		defer t.Stop()
		for {
			if err := queue.CheckPlace(s.c.Store); err != nil {
				end(err) // only the first cause is kept
			}
			select {
			case <-done:
				return
			case <-t.C:
			}
		}
	})
	if s.c.Watch != nil {
		watching.Go(func() {
			s.c.Watch(done, func(whole bool) []Status {
				working := true
				select {
				case <-done:
					working = false
				default:
				}
				all, err := now(working)
				if err != nil {
					return nil // the work itself ends with this error
				}
				if whole {
					if whole, err := s.withOthers(context.Background(), all); err == nil {
						return whole
					}
				}
				return all
			})
		})
	}
	err := do(ctx)
	close(done)
	watching.Wait()
	if lost := queue.CheckPlace(s.c.Store); lost != nil && !errors.Is(err, queue.ErrReplaced) {
		return Join(err, lost)
	}
	return err
}

// working is watched for one batch, without a pool.
func (s *Service) working(ctx context.Context, batch string, do func(context.Context) error) error {
	return s.watched(ctx, func(working bool) ([]Status, error) {
		all, err := s.Status(context.Background(), StatusQuery{Batches: []string{batch}})
		if err == nil && working {
			all[0].State = string(worker.Running)
		}
		return all, err
	}, do)
}

// withOthers adds the stored status of all other batches, oldest first.
func (s *Service) withOthers(ctx context.Context, worked []Status) ([]Status, error) {
	stored, err := s.Status(ctx, StatusQuery{})
	overlay(stored, worked)
	return stored, err
}

// overlay replaces the stored status of the batches that a run works.
func overlay(stored, worked []Status) {
	for i := range stored {
		if at := slices.IndexFunc(worked, func(w Status) bool { return w.Batch == stored[i].Batch }); at >= 0 {
			stored[i] = worked[at]
		}
	}
}
