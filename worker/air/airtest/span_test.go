package airtest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// The server gives no more than its cap, and pages by it.
func TestPageCap(t *testing.T) {
	_, client := withJobs(t, 5, airtest.Config{Settings: airtest.Settings{PageCap: 2}})
	for n, want := range []string{"job-0 job-1", "job-2 job-3", "job-4", ""} {
		if got := names(list(t, client, air.ListQuery{PageNumber: n + 1})); got != want {
			t.Errorf("page %d: got %s, want %s", n+1, got, want)
		}
	}
}

func TestNullEmptyPage(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{NullEmptyPage: true}, PageFields: airtest.PageFieldsNone})
	if _, text := exchange(t, srv, "GET", "/jobs", ""); text != `{"Records":null}` {
		t.Errorf("got %s", text)
	}
	exchange(t, srv, "POST", "/jobs", body(1))
	if _, text := exchange(t, srv, "GET", "/jobs", ""); !strings.HasPrefix(text, `{"Records":[{"Id":`) {
		t.Errorf("got %s", text)
	}
}

// Jobs of the same second stand the other way round in every second list: one reading by pages misses one and sees
// another twice.
func TestTurningTies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{TurningTies: airtest.Duration(time.Second)}})
		client := inProcess(t, srv, air.Config{})
		for _, jobs := range [][2]int{{0, 1}, {1, 4}, {4, 5}} {
			mustSubmit(t, client, jobs[0], jobs[1])
			<-time.After(time.Second)
		}
		for i, want := range []string{
			"job-0 job-1 job-2 job-3 job-4", "job-0 job-3 job-2 job-1 job-4", "job-0 job-1 job-2 job-3 job-4",
		} {
			page := list(t, client, air.ListQuery{Batch: "b"})
			if got := names(page); got != want {
				t.Errorf("list %d: got %s, want %s", i+1, got, want)
			}
			if page.Jobs[1].Created != page.Jobs[3].Created || page.Jobs[0].Created == page.Jobs[1].Created {
				t.Errorf("got %+v, want the same Created within a second", page.Jobs)
			}
		}
		if got := names(list(t, client, air.ListQuery{Descending: true})); got != "job-4 job-1 job-2 job-3 job-0" {
			t.Errorf("descending, turned: got %s", got)
		}
		first, second := names(list(t, client, air.ListQuery{PageSize: 2})), names(list(t, client, air.ListQuery{PageSize: 2, PageNumber: 2}))
		if first != "job-0 job-1" || second != "job-2 job-1" {
			t.Errorf("two pages: got %s and %s, want job-1 twice and no job-3", first, second)
		}
	})
}

// Old jobs leave the front of every list, by age or when they are told to, and stay jobs.
func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, client := withJobs(t, 1, airtest.Config{Settings: airtest.Settings{Retention: airtest.Duration(10 * time.Second)}})
		<-time.After(9 * time.Second)
		mustSubmit(t, client, 1, 4)
		all := []air.ListQuery{{}, {Batch: "b"}}
		expect := func(want string) {
			t.Helper()
			for _, q := range all {
				if got := names(list(t, client, q)); got != want {
					t.Errorf("%+v: got %q, want %q", q, got, want)
				}
			}
		}
		expect("job-0 job-1 job-2 job-3")
		<-time.After(time.Second)
		expect("job-1 job-2 job-3")
		if got := names(list(t, client, air.ListQuery{Name: "job-0"})); got != "" {
			t.Errorf("by name: got %s, want nothing", got)
		}
		srv.Forget(2)
		expect("job-2 job-3")
		srv.Forget(99)
		expect("")
		if srv.Accepted() != 4 || len(srv.Jobs()) != 4 {
			t.Errorf("got %d jobs, want 4", srv.Accepted())
		}
	})
}
