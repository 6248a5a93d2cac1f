package main

import (
	"context"

	"airlift/queue"
)

// apart is how many entries are handed over at once.
const apart = 512

// entriesApart is the queue's Entries, but fn is called in another goroutine than that which reads: with millions of items,
// reading and formatting share two cores.
func entriesApart(ctx context.Context, db store, batch string, filter queue.Filter, fn func(*queue.Entry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts := make(chan []queue.Entry, 4)
	ended := make(chan error, 1)
	go func() {
		var err error
		for part := range parts {
			for i := range part {
				if err == nil {
					err = fn(&part[i])
				}
			}
			if err != nil {
				cancel() // nothing more need be read
			}
		}
		ended <- err
	}()
	part := make([]queue.Entry, 0, apart)
	err := db.Entries(ctx, batch, filter, func(e *queue.Entry) error {
		if part = append(part, *e); len(part) == apart {
			parts <- part
			part = make([]queue.Entry, 0, apart)
		}
		return nil
	})
	parts <- part
	close(parts)
	if failed := <-ended; failed != nil {
		return failed
	}
	return err
}
