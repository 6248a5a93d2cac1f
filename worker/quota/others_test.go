package quota

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/memory"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

var midnight = time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)

// account is an AiR at a time that the test sets, and a queue that has submitted nothing.
type account struct {
	*airtest.Server
	now    time.Time
	client *air.Client
	track  *Tracker
	asked  int
}

func newAccount(t *testing.T, c airtest.Config) *account {
	t.Helper()
	a := &account{now: midnight.Add(-time.Hour)}
	c.Clock = func() time.Time { return a.now }
	c.OnRequest = func(airtest.Request) { a.asked++ }
	a.Server = airtest.NewServer(c)
	t.Cleanup(a.Close)
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	a.track = New(db, queue.DefaultAccount)
	var err error
	if a.client, err = air.New(air.Config{BaseURL: "http://127.0.0.1", Credentials: air.NewCredentials("access-key", "secret-key"), Transport: a.Server}); err != nil {
		t.Fatal(err)
	}
	return a
}

// make makes jobs, each a little later than the one before.
func (a *account) make(jobs int, from, to time.Time) {
	for i := range jobs {
		a.now = from.Add(to.Sub(from) / time.Duration(jobs) * time.Duration(i))
		a.SubmitOthers(1)
	}
	a.now = to
}

func (a *account) count() (int64, error) {
	return a.track.CountOthers(context.Background(), a.client, midnight.Add(8*time.Hour), func(context.Context) error { return nil })
}

// The jobs of a day are counted whatever lies before them, with few requests.
func TestOthersAreCounted(t *testing.T) {
	for _, jobs := range []int{0, 1, 99, 100, 101, 200, 250, 1600, 5003} {
		for _, before := range []int{0, 1, 330} {
			for _, size := range []int{100, 30} {
				t.Run(fmt.Sprintf("%d after %d by %d", jobs, before, size), func(t *testing.T) {
					a := newAccount(t, airtest.Config{Settings: airtest.Settings{PageCap: size}})
					a.make(before, midnight.Add(-48*time.Hour), midnight)
					a.make(jobs, midnight, midnight.Add(8*time.Hour))
					if n, err := a.count(); err != nil || n != int64(jobs) {
						t.Errorf("got %d, %v", n, err)
					}
					if a.asked > 20 {
						t.Errorf("%d requests", a.asked)
					}
					c, err := a.track.store.Account(t.Context(), queue.DefaultAccount, queue.DayOf(midnight))
					if err != nil || c.Day.Others.Jobs != int64(jobs) || !c.Day.Others.From.Equal(midnight) || !c.Day.Others.Until.Equal(midnight.Add(8*time.Hour)) {
						t.Errorf("stored: %+v, %v", c.Day.Others, err)
					}
				})
			}
		}
	}
}

// A list that contradicts itself, or lacks our own jobs, tells nothing.
func TestAListThatLiesTellsNothing(t *testing.T) {
	ignorePage := func(q url.Values) { q.Set("pageNumber", "1") }
	for name, c := range map[string]airtest.Config{
		"the same page for ever": {EditQuery: ignorePage},
		"the oldest first":       {EditQuery: func(q url.Values) { q.Set("sortOrder", "Asc") }},
		"no dates": {EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
			for i := range page {
				page[i].Created = ""
			}
			return page
		}},
		"a short page in the middle": {EditRecords: func(q airtest.Request, page []air.Job) []air.Job {
			if n, _ := strconv.Atoi(q.Query.Get("pageNumber")); n == 2 {
				return page[:50]
			}
			return page
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t, c)
			a.make(1200, midnight, midnight.Add(8*time.Hour))
			if n, err := a.count(); err == nil {
				t.Errorf("got %d, want an error", n)
			}
			if a.asked > 20 {
				t.Errorf("%d requests", a.asked)
			}
			if c, err := a.track.store.Account(t.Context(), queue.DefaultAccount, queue.DayOf(midnight)); err != nil || c.Day != (queue.DayCount{}) {
				t.Errorf("stored: %+v, %v", c.Day, err)
			}
		})
	}
}
