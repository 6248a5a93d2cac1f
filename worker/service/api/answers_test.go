package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"airlift/queue"
)

// Errors are JSON with a kind, also for what is no call, for a wrong method and from a holder that ends; listings without rows
// are JSON lines.
func TestEachAnswerHasItsForm(t *testing.T) {
	h := hold(t)
	must(t, h.remote.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	must(t, h.remote.BeginReading(t.Context(), "b", false))
	must(t, h.remote.EndReading(t.Context(), "b", true))
	other := h.connect()
	defer other.Close()
	check := func(method, path, body string, status int, kind string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, h.http.URL+path, strings.NewReader(body))
		must(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(sessionHeader, other.session)
		resp, err := http.DefaultClient.Do(r)
		must(t, err)
		defer resp.Body.Close()
		var e Error
		_ = json.NewDecoder(resp.Body).Decode(&e)
		want := "application/json"
		if status == http.StatusOK {
			want = "application/x-ndjson"
		}
		if got := resp.Header.Get("Content-Type"); resp.StatusCode != status || e.Kind != kind || got != want {
			t.Errorf("%s %s: got status %d, kind %q (%s), type %s; want %d, %q", method, path, resp.StatusCode, e.Kind, e.Text, got, status, kind)
		}
	}
	check("GET", "/v1/nothing", "", 404, kindUsage)
	check("PUT", "/v1/status", "", 405, kindUsage)
	check("GET", "/v1/items?batch=b", "", 200, "")
	check("GET", "/v1/rejected?batch=b", "", 200, "")
	check("GET", "/v1/account?day=4294967297", "", 400, kindUsage)
	check("POST", "/v1/set", `{"rate":0}`, 400, kindUsage)
	check("POST", "/v1/pause", `{"reason":"`+strings.Repeat("x", 2<<20)+`"}`, 400, kindUsage)
	check("POST", "/v1/retry", `{"batch":"none"}`, 404, "batch_not_found")
	check("POST", "/v1/reading/replace", `{"batch":"b"}`, 409, "reading_incomplete") // another session has read it
	if _, err := h.remote.Change(t.Context(), "b", queue.Change{Do: queue.DoReplace}); err != nil {
		t.Errorf("replace by the session that has read: %v", err)
	}
	h.server.Close()
	check("POST", "/v1/session", "{}", 503, "closed")
}

// inOrder is a queue that records when rows have been added and readings ended. Adding takes until release.
type inOrder struct {
	queue.Store
	begun, release chan struct{}
	mu             sync.Mutex
	calls          []string
}

func (q *inOrder) record(call string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = append(q.calls, call)
}

func (q *inOrder) Add(ctx context.Context, id string, c queue.Chunk) (queue.Added, error) {
	close(q.begun)
	<-q.release
	q.record("add")
	return q.Store.Add(context.WithoutCancel(ctx), id, c)
}

func (q *inOrder) EndReading(ctx context.Context, id string, complete bool) error {
	q.record("end")
	return q.Store.EndReading(ctx, id, complete)
}

// The reading of a client that has gone ends after the rows that are being added.
func TestAReadingEndsAfterItsRows(t *testing.T) {
	db := &inOrder{begun: make(chan struct{}), release: make(chan struct{})}
	h := holdWith(t, func(inner queue.Store) queue.Store {
		db.Store = inner
		return db
	})
	must(t, h.remote.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	must(t, h.remote.BeginReading(t.Context(), "b", false))
	go func() {
		_, _ = h.remote.Add(t.Context(), "b", queue.Chunk{Items: []queue.Item{{Line: 1, Bucket: "b", Key: "k"}}})
	}()
	<-db.begun
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		h.server.Close()
		h.server.sessions.remove(h.remote.session)
	}()
	<-h.remote.Ended()
	close(db.release)
	<-closed
	for !h.ended(t) { // the call of the session may be the one that ends the reading
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if got := strings.Join(db.calls, " "); got != "add end" {
		t.Errorf("got %s", got)
	}
}

// ended reports whether nobody reads into batch b any longer.
func (h *holding) ended(t *testing.T) bool {
	t.Helper()
	end, err := h.server.Host.Read(queue.DefaultAccount, "b")
	if err == nil {
		end()
	}
	return err == nil
}
