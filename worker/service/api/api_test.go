package api

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/service"
)

// holding is a queue that is served, and a client of it.
type holding struct {
	t      *testing.T
	local  *bolt.DB
	server *Server
	http   *httptest.Server
	remote Store
}

func hold(t *testing.T) *holding {
	t.Helper()
	return holdWith(t, func(db queue.Store) queue.Store { return db })
}

// holdWith serves a queue that is wrapped.
func holdWith(t *testing.T, wrap func(queue.Store) queue.Store) *holding {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "q.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	host := &service.Host{}
	h := &holding{t: t, local: db}
	store := wrap(db)
	h.server = NewServer(Config{Store: store, Host: host, Build: "test", Log: zerolog.Nop(), Service: service.New(service.Config{Store: store, Host: host, Place: "q.db"})})
	h.http = httptest.NewServer(h.server)
	h.remote = Store{h.connect()}
	t.Cleanup(func() {
		h.remote.Close()
		h.server.Close()
		h.http.Close()
		host.Wait()
		db.Close()
	})
	return h
}

func (h *holding) connect() *Client {
	h.t.Helper()
	c, err := Connect(h.t.Context(), "test", func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", h.http.Listener.Addr().String())
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// chunk is rows of every kind, with what JSON could change.
func chunk() queue.Chunk {
	items := []queue.Item{
		{Line: 2, Bucket: "b", Key: "a/<&> \u2028 é.mov", Extra: []queue.Field{{Name: "Title", Value: "x\ty"}, {Name: "", Value: ""}}},
		{Line: 3, Bucket: "b", Key: "b.mov", Name: "given", Content: math.MaxUint64, Own: queue.JobFields{Services: json.RawMessage(`{"ocr":""}`), Priority: 3}},
		{Line: 4, Bucket: "b", Key: "c.mov"},
		{Line: 5, Bucket: "b", Key: "c.mov"},
		{Line: 6, Bucket: "b", Key: "b.mov", Name: "another"},
	}
	return queue.Chunk{
		Items:    items,
		Rejected: []queue.Rejected{{Line: 7, Bucket: "b\xff", Key: "k\xfe\x00", Reason: "not \xff", Extra: []queue.Field{{Name: "n\xff", Value: "v\xff"}}}},
		Skipped:  map[string]int64{"size": 2},
		Marks:    []queue.Mark{{Key: "m\xff", Value: []byte{0, 255}}, {Key: "gone"}},
	}
}

// what compares results.
var same = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreFields(queue.Batch{}, "Created"), cmpopts.EquateApproxTime(time.Second)}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, same); d != "" {
		t.Errorf("%s differs from the queue itself (-want +got):\n%s", what, d)
	}
}

// A holder without a run forecasts with the limits that a client assumes.
func TestStatusForecastsWithTheAssumedLimits(t *testing.T) {
	h := hold(t)
	ctx := t.Context()
	must(t, h.local.CreateBatch(ctx, queue.Batch{ID: "b", Settings: queue.Settings{Name: "{base}"}}))
	must(t, h.local.BeginReading(ctx, "b", false))
	_, err := h.local.Add(ctx, "b", queue.Chunk{Items: []queue.Item{{Line: 2, Bucket: "b", Key: "a.mov"}}})
	must(t, errors.Join(err, h.local.EndReading(ctx, "b", true)))
	client := Holder(h.remote)
	all, err := client.Status(ctx, nil, &service.AssumedLimits{Rate: 2.5, DailyLimit: 7})
	must(t, err)
	if s := all[0]; s.ETA == nil || s.AssumedRate == nil || *s.AssumedRate != 2.5 || s.PerDay == nil || *s.PerDay != 7 {
		t.Errorf("got %+v", s)
	}
	opens := time.Now().UTC().Add(5 * time.Hour).Truncate(time.Minute)
	hours, err := schedule.Parse(schedule.Config{Rate: "00:00 1/h, 12:00 2/h", Windows: []string{opens.Format("15:04-") + opens.Add(time.Hour).Format("15:04")}, Zone: "UTC"})
	must(t, err)
	all, err = client.Status(ctx, nil, &service.AssumedLimits{Rate: ratelimit.Unlimited, Hours: hours})
	if must(t, err); all[0].ETA == nil || all[0].ETA.Before(opens) {
		t.Errorf("done by %v, before the window of the client opens: %v", all[0].ETA, opens)
	}
	if err := client.call(ctx, "GET", "/v1/status", query("rate", "1/s", "window", "noon"), nil, &all); err == nil || !strings.Contains(err.Error(), "window") {
		t.Errorf("a wrong window: %v", err)
	}
	if all, err = client.Status(ctx, []string{"b"}, nil); err != nil || all[0].ETA != nil {
		t.Errorf("nothing is assumed: %+v, %v", all, err)
	}
	if err := client.call(ctx, "GET", "/v1/status", query("rate", "fast"), nil, &all); err == nil || !strings.Contains(err.Error(), "rate") {
		t.Errorf("a wrong rate: %v", err)
	}
}

// The same calls give the same at the holder and here.
func TestTheStoreIsTheQueueItself(t *testing.T) {
	ctx := t.Context()
	h := hold(t)
	alone, err := bolt.Open(filepath.Join(t.TempDir(), "alone.db"), bolt.Options{})
	must(t, err)
	defer alone.Close()
	type seen struct {
		Added    queue.Added
		Entries  []queue.Entry
		Failed   []queue.Entry
		Keys     []queue.Entry
		Rejected []queue.Rejected
		Marks    []queue.Mark
		Has      []bool
		Sent     []bool
		Found    queue.Entry
		Events   []queue.Event
		Batch    queue.Batch
		Account  queue.AccountState
	}
	look := func(db queue.Store) (s seen) {
		must(t, db.CreateBatch(ctx, queue.Batch{ID: "a/../b ü?", Settings: queue.Settings{Name: "{base}-{hash}"}}))
		const id = "a/../b ü?"
		must(t, db.BeginReading(ctx, id, false))
		var err error
		s.Added, err = db.Add(ctx, id, chunk())
		must(t, err)
		s.Marks, err = db.Marks(ctx, id)
		must(t, err)
		must(t, db.EndReading(ctx, id, false))
		must(t, db.SetSettings(ctx, id, queue.Settings{JobFields: queue.JobFields{Priority: 4}, Name: "{base}-{hash}"}))
		all := func(f queue.Filter) (out []queue.Entry) {
			must(t, queue.Entries(ctx, db, id, f, func(e *queue.Entry) error { out = append(out, *e); return nil }))
			return out
		}
		s.Entries = all(queue.Filter{})
		s.Failed = all(queue.Filter{State: queue.Failed})
		s.Keys = all(queue.Filter{State: queue.Pending, Span: &queue.Span{From: 1, To: 3}, Key: func(key string) bool { return key == "c.mov" }})
		must(t, db.Rejected(ctx, id, func(r queue.Rejected) error { s.Rejected = append(s.Rejected, r); return nil }))
		items := chunk().Items
		s.Has, err = db.Has(ctx, id, append(items, queue.Item{Bucket: "b", Key: "new"}), false)
		must(t, err)
		s.Sent, _, err = db.Sent(ctx, id, items, false)
		must(t, err)
		var found bool
		s.Found, found, err = db.Find(ctx, id, queue.Object{Bucket: "b", Key: "b.mov"})
		if err != nil || !found {
			t.Fatal(found, err)
		}
		if _, found, err := db.Find(ctx, id, queue.Object{Bucket: "b", Key: "none"}); err != nil || found {
			t.Fatal(found, err)
		}
		s.Events, err = db.History(ctx, id, 1)
		if err != nil || len(s.Events) != 1 {
			t.Fatal(s.Events, err)
		}
		if _, err := db.History(ctx, id, 99); err == nil {
			t.Error("history of no item: got no error")
		}
		s.Batch, err = db.Batch(ctx, id)
		must(t, err)
		s.Account, err = db.Account(ctx, queue.DefaultAccount, queue.DayOf(time.Now()))
		must(t, err)
		return s
	}
	got, want := look(h.remote), look(alone)
	diff(t, "what the store shows", got, want)
	diff(t, "the queue", look2(t, h.local), look2(t, alone))
}

// look2 returns the batches of a queue.
func look2(t *testing.T, db queue.Store) []queue.Batch {
	t.Helper()
	all, err := db.Batches(t.Context())
	must(t, err)
	return all
}

func TestErrorsKeepTheirTypesAndTexts(t *testing.T) {
	ctx := t.Context()
	h := hold(t)
	must(t, h.remote.CreateBatch(ctx, queue.Batch{ID: "b"}))
	remote := Holder{h.remote.Client}
	expect := int64(3)
	for name, c := range map[string]struct {
		err  error
		is   error
		text string
	}{
		"no batch": {func() error { _, err := h.remote.Batch(ctx, "none"); return err }(), queue.ErrBatchNotFound, `the queue at q.db has no batch "none": it has "b"`},
		"a batch":  {h.remote.CreateBatch(ctx, queue.Batch{ID: "b"}), queue.ErrBatchExists, ""},
		"no items": {h.remote.Pages(ctx, "none", queue.Filter{}, nil), queue.ErrBatchNotFound, ""},
		"replace":  {func() error { _, err := h.remote.Change(ctx, "b", queue.Change{Do: queue.DoReplace}); return err }(), queue.ErrReadingIncomplete, ""},
		"nothing": {func() error {
			_, err := remote.Retry(ctx, service.ChangeRequest{Selection: service.Selection{Batch: "b", Keys: []string{"x"}}})
			return err
		}(), service.ErrNoMatch, ""},
		"only holders": {h.remote.SetGate(ctx, "a", queue.Gate{}), queue.ErrLocked, "only that process"},
	} {
		if !errors.Is(c.err, c.is) || !strings.Contains(c.err.Error(), c.text) {
			t.Errorf("%s: got %v, want %v (%s)", name, c.err, c.is, c.text)
		}
	}
	_, err := remote.Cancel(ctx, service.ChangeRequest{Selection: service.Selection{Batch: "b", Reading: "last"}})
	var reading *service.ReadingError
	if !errors.As(err, &reading) || reading.Batch != "b" {
		t.Errorf("a reading that is not there: got %v", err)
	}
	_, err = remote.Cancel(ctx, service.ChangeRequest{Selection: service.Selection{Batch: "b"}, Expect: &expect})
	var count *service.CountError
	if !errors.As(err, &count) || *count != (service.CountError{Count: 0, Expect: 3}) {
		t.Errorf("another count: got %v", err)
	}
}

// What a client has begun ends with it: the reading is incomplete, and others can read.
func TestAKilledClientLeavesAnIncompleteReading(t *testing.T) {
	ctx := t.Context()
	h := hold(t)
	must(t, h.remote.CreateBatch(ctx, queue.Batch{ID: "b"}))
	must(t, h.remote.BeginReading(ctx, "b", false))
	_, err := h.remote.Add(ctx, "b", queue.Chunk{Items: []queue.Item{{Line: 1, Bucket: "b", Key: "k"}}})
	must(t, err)
	second := Store{h.connect()}
	defer second.Close()
	if _, err := second.Add(ctx, "b", queue.Chunk{Items: []queue.Item{{Line: 1, Bucket: "b", Key: "other"}}}); err == nil {
		t.Error("a session adds to the reading of another")
	}
	waiting := make(chan error, 1)
	go func() { waiting <- second.BeginReading(ctx, "b", true) }()
	h.remote.Close()
	if err := <-waiting; err != nil {
		t.Fatalf("a second reading after the end of the first: %v", err)
	}
	must(t, second.EndReading(ctx, "b", true))
	b, err := h.local.Batch(ctx, "b")
	must(t, err)
	if !b.Reading.Complete || b.Counts.Items != 1 {
		t.Errorf("got %+v", b.Reading)
	}
}

// The end of the holder ends every call at once, also one that it does not answer.
func TestTheEndOfTheHolderEndsEachCall(t *testing.T) {
	h := hold(t)
	h.server.Close()
	<-h.remote.Ended()
	if _, err := h.remote.Batches(t.Context()); !errors.Is(err, service.ErrHolderEnded) {
		t.Errorf("got %v", err)
	}
	stuck := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(versionHeader, "1")
		<-r.Context().Done()
	}))
	defer stuck.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Connect(ctx, "test", func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", stuck.Listener.Addr().String())
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a holder that does not answer: got %v", err)
	}
}

func TestOtherVersionsNameTheBinary(t *testing.T) {
	h := hold(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(Info{API: Version + 1, Version: "v9", Executable: "/opt/airlift9", PID: 7})
	}))
	defer other.Close()
	_, err := Connect(t.Context(), "v1", func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", other.Listener.Addr().String())
	})
	if !errors.Is(err, ErrVersion) || !errors.Is(err, queue.ErrLocked) || !strings.Contains(err.Error(), "use that binary, /opt/airlift9") {
		t.Errorf("a newer holder: got %v", err)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", h.http.URL+"/v1/batches", nil)
	r.Header.Set(versionHeader, "99")
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	defer resp.Body.Close()
	var e Error
	must(t, json.NewDecoder(resp.Body).Decode(&e))
	if resp.StatusCode != http.StatusUpgradeRequired || !strings.Contains(e.Text, "use that binary") {
		t.Errorf("a newer client: got %d %+v", resp.StatusCode, e)
	}
}

// Each route needs its right, and gives it to nobody else. What is not in the table is refused.
func TestEachRouteNeedsItsRight(t *testing.T) {
	h := hold(t)
	has := Right(0)
	h.server.Right = func(*http.Request) Right { return has }
	status := func(method, path, kind string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, h.http.URL+path, strings.NewReader("{}"))
		must(t, err)
		r.Header.Set("Content-Type", kind)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		resp, err := http.DefaultClient.Do(r.WithContext(ctx))
		must(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	paths := map[string]bool{}
	for _, route := range Routes() {
		if route.Right < Read || route.Right > Feed || paths[route.Path] {
			t.Errorf("%s %s: right %d, or the path stands twice", route.Method, route.Path, route.Right)
		}
		paths[route.Path] = true
		for has = 0; has <= Feed; has++ {
			got := status(route.Method, route.Path, "application/json")
			if refused := got == http.StatusForbidden; refused != (has < route.Right) {
				t.Errorf("%s %s with the right %d: got status %d", route.Method, route.Path, has, got)
			}
		}
		has = Feed
		if route.Method == "POST" {
			for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
				if got := status("POST", route.Path, kind); got != http.StatusBadRequest {
					t.Errorf("%s with the content type %q, as a form of another site could send it: got status %d", route.Path, kind, got)
				}
			}
		}
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			if got := status(method, route.Path, "application/json"); method != route.Method && got != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: got status %d", method, route.Path, got)
			}
		}
	}
	for _, path := range []string{"/", "/v1", "/v1/", "/v2/status", "/v1/status/", "/debug/pprof/"} {
		if got := status("GET", path, ""); got != http.StatusNotFound {
			t.Errorf("GET %s: got status %d", path, got)
		}
	}
	if !slices.IsSortedFunc(Routes(), func(a, b Route) int { return int(a.Right) - int(b.Right) }) {
		t.Error("the routes are not in order of their rights")
	}
}

// Overviews are shared for a moment, but whoever has changed something sees it in the next.
func TestAnOverviewShowsWhatWasJustChanged(t *testing.T) {
	h := hold(t)
	for range 20 {
		if o, err := Holder(h.remote).Overview(t.Context()); err != nil || o.Account.ByHand != nil {
			t.Fatalf("got a pause by hand %+v, %v: want none", o.Account.ByHand, err)
		}
		must(t, Holder(h.remote).Pause(t.Context(), service.PauseRequest{Reason: "r"}))
		if o, err := Holder(h.remote).Overview(t.Context()); err != nil || o.Account.ByHand == nil {
			t.Fatalf("got no pause by hand, %v: want one", err)
		}
		_, err := Holder(h.remote).Resume(t.Context(), service.ResumeRequest{})
		must(t, err)
	}
}

// A holder forecasts as the queue itself, for other values too, and refuses wrong ones.
func TestForecastThroughTheHolder(t *testing.T) {
	h := hold(t)
	ctx := t.Context()
	must(t, h.local.CreateBatch(ctx, queue.Batch{ID: "b", Settings: queue.Settings{Name: "{base}"}}))
	must(t, h.local.BeginReading(ctx, "b", false))
	_, err := h.local.Add(ctx, "b", queue.Chunk{Items: []queue.Item{{Line: 2, Bucket: "b", Key: "a.mov"}}})
	must(t, errors.Join(err, h.local.EndReading(ctx, "b", true)))
	client, items, daily := Holder(h.remote), int64(40), int64(9)
	f, err := client.Forecast(ctx, service.ForecastQuery{Batches: []string{"b"}, Limits: service.AssumedLimits{Rate: 2.5, DailyLimit: 7}, By: time.Now().AddDate(0, 0, 30),
		WhatIf: service.WhatIf{Rate: 3, Daily: &daily, Items: &items}})
	must(t, err)
	a := f.Accounts[0]
	if f.Schema != service.ForecastSchema || a.Items != 40 || len(a.Days) != 5 || a.Days[0].Expected != 9 || a.Need == nil || !a.Need.Already || !strings.Contains(a.ETARange.Why, "9 a day") {
		t.Errorf("got %+v", f)
	}
	for _, wrong := range []string{"rate=fast", "daily_limit=-1", "what_if_rate=0", "what_if_daily=x", "what_if_items=-3", "what_if_items=18446744073709551615", "by=tomorrow", "batch=none"} {
		name, value, _ := strings.Cut(wrong, "=")
		if err := client.call(ctx, "GET", "/v1/forecast", query("rate", "1/s", name, value), nil, &f); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}
