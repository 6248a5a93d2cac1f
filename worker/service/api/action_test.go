package api

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"airlift/queue"
	"airlift/worker/service"
)

// slow is a queue whose changes say that they have begun, and wait.
type slow struct {
	queue.Store
	begun, release chan struct{}
}

func (s slow) Change(ctx context.Context, id string, c queue.Change) (queue.Changed, error) {
	close(s.begun)
	<-s.release
	return s.Store.Change(ctx, id, c)
}

// A client that leaves during a bulk action is told that the action goes on, and it does.
func TestABulkActionGoesOnWithoutItsClient(t *testing.T) {
	var db slow
	h := holdWith(t, func(inner queue.Store) queue.Store {
		db = slow{inner, make(chan struct{}), make(chan struct{})}
		return db
	})
	release := sync.OnceFunc(func() { close(db.release) })
	t.Cleanup(release) // before that of the queue
	must(t, h.local.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	must(t, h.local.BeginReading(t.Context(), "b", false))
	_, err := h.local.Add(t.Context(), "b", queue.Chunk{Items: []queue.Item{{Line: 1, Bucket: "b", Key: "k"}}})
	must(t, err)
	ctx, leave := context.WithCancelCause(t.Context())
	left := errors.New("ended by a signal")
	go func() {
		<-db.begun
		leave(left)
	}()
	_, err = Holder(h.remote).Cancel(ctx, service.ChangeRequest{Selection: service.Selection{Batch: "b"}})
	var on *service.LeftError
	if !errors.As(err, &on) || !errors.Is(err, left) || !strings.Contains(err.Error(), "goes on with the change") {
		t.Fatalf("got %v", err)
	}
	release()
	h.server.Host.Wait()
	if b, err := h.local.Batch(t.Context(), "b"); err != nil || b.Counts.Cancelled != 1 {
		t.Errorf("got %+v, %v", b.Counts, err)
	}
}
