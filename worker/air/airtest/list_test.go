package airtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// withJobs returns a server with so many jobs, the first job-0, and a client of it in this process.
func withJobs(t *testing.T, n int, c airtest.Config) (*airtest.Server, *air.Client) {
	t.Helper()
	srv := airtest.NewServer(c)
	client := inProcess(t, srv, air.Config{})
	mustSubmit(t, client, 0, n)
	return srv, client
}

func list(t *testing.T, c *air.Client, q air.ListQuery) air.Page {
	t.Helper()
	page, err := c.List(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func names(p air.Page) string {
	var s []string
	for _, j := range p.Jobs {
		s = append(s, j.Name)
	}
	return strings.Join(s, " ")
}

func TestPaging(t *testing.T) {
	srv, client := withJobs(t, 4, airtest.Config{})
	tests := []struct {
		query air.ListQuery
		want  string
		last  bool
	}{
		{air.ListQuery{PageSize: 3}, "job-0 job-1 job-2", false},
		{air.ListQuery{PageSize: 3, PageNumber: 2}, "job-3", true},
		{air.ListQuery{PageSize: 2, PageNumber: 2}, "job-2 job-3", false},
		{air.ListQuery{PageSize: 2, PageNumber: 3}, "", true},
		{air.ListQuery{PageSize: 4}, "job-0 job-1 job-2 job-3", false},
		{air.ListQuery{PageSize: 3, Descending: true, Batch: "b"}, "job-3 job-2 job-1", false},
		{air.ListQuery{PageSize: 3, Descending: true, PageNumber: 2, Batch: "b"}, "job-0", true},
		{air.ListQuery{PageNumber: math.MaxInt, PageSize: 100}, "", true},
		{air.ListQuery{Batch: "other"}, "", true},
		{air.ListQuery{Batch: "b", Status: "submitted", PageSize: 3, PageNumber: 2}, "job-3", true},
		{air.ListQuery{Batch: "b", Status: "completed"}, "", true},
	}
	for _, tt := range tests {
		page := list(t, client, tt.query)
		if names(page) != tt.want || page.Short != tt.last {
			t.Errorf("%+v: got %s (last %v), want %s (last %v)", tt.query, names(page), page.Short, tt.want, tt.last)
		}
	}
	for _, query := range []string{"pageSize=0", "pageSize=101", "pageSize=x", "pageNumber=0", "sortBy=Name", "sortOrder=desc", "status=done"} {
		if status, _ := exchange(t, srv, "GET", "/jobs?"+query, ""); status != 400 {
			t.Errorf("%s: got %d, want 400", query, status)
		}
	}
}

func TestDefaultsOfAPage(t *testing.T) {
	for fields, want := range map[airtest.PageFields]int{airtest.PageFieldsUsual: 4, "": 4, airtest.PageFieldsNone: 1} {
		srv := airtest.NewServer(airtest.Config{PageFields: fields})
		mustSubmit(t, inProcess(t, srv, air.Config{}), 0, 30)
		_, body := exchange(t, srv, "GET", "/jobs", "")
		var page map[string]json.RawMessage
		var jobs []air.Job
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		_ = json.Unmarshal(page["Records"], &jobs)
		if len(page) != want || len(jobs) != 25 {
			t.Errorf("page fields %q: got %d fields and %d jobs, want %d and 25", fields, len(page), len(jobs), want)
		}
	}
}

func TestNameMatch(t *testing.T) {
	for match, want := range map[airtest.NameMatch]string{
		"": "job-1", airtest.NameExact: "job-1", airtest.NamePartial: "job-1 job-10 job-11",
	} {
		client := inProcess(t, airtest.NewServer(airtest.Config{NameMatch: match}), air.Config{})
		mustSubmit(t, client, 0, 12)
		other := job(1)
		other.Batch = "other"
		client.Submit(context.Background(), other)
		for _, q := range []air.ListQuery{{Name: "job-1", Batch: "b"}, {Name: "job-1", Batch: "b", Status: "submitted"}} {
			if got := names(list(t, client, q)); got != want {
				t.Errorf("match %q, %+v: got %s, want %s", match, q, got, want)
			}
		}
		if got := names(list(t, client, air.ListQuery{Name: "job-1"})); got != want+" job-1" {
			t.Errorf("match %q in all batches: got %s, want %s job-1", match, got, want)
		}
		if got := names(list(t, client, air.ListQuery{Name: "ob-1", Batch: "b"})); (got == "") != (match != airtest.NamePartial) {
			t.Errorf("match %q of a part: got %q", match, got)
		}
	}
}

func TestListLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, client := withJobs(t, 1, airtest.Config{Settings: airtest.Settings{ListLag: airtest.Duration(10 * time.Second)}})
		<-time.After(10*time.Second - time.Nanosecond)
		mustSubmit(t, client, 1, 2)
		queries := []air.ListQuery{{}, {Batch: "b"}, {Name: "job-0"}, {Batch: "b", Name: "job-0"}, {Status: "in_progress"}, {Status: "completed"}}
		for _, q := range queries {
			if got := names(list(t, client, q)); got != "" {
				t.Errorf("%+v before the lag: got %s, want nothing", q, got)
			}
		}
		<-time.After(time.Nanosecond)
		for _, q := range queries[:4] {
			if got := names(list(t, client, q)); got != "job-0" {
				t.Errorf("%+v after the lag: got %s, want job-0", q, got)
			}
		}
		var itself air.Job
		if id := srv.Jobs()[1].ID; get(t, srv, id, &itself) != http.StatusOK || itself.ID != id {
			t.Errorf("the job itself: got %+v", itself)
		}
	})
}

func TestLifecycle(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{
		Clock: func() time.Time { return time.Unix(1e9, 0) }, Settings: airtest.Settings{Lifecycle: airtest.Duration(10 * time.Second), FailShare: 0.3},
	})
	client := inProcess(t, srv, air.Config{})
	mustSubmit(t, client, 0, 1000)
	for _, want := range []string{"submitted", "preflight", "in_progress"} {
		if got := list(t, client, air.ListQuery{Status: want}); len(got.Jobs) != 100 || got.Jobs[0].Completed != "" {
			t.Errorf("%s: got %d jobs", want, len(got.Jobs))
		}
		srv.Advance(2 * time.Second)
	}
	srv.Advance(4 * time.Second)
	failed := 0
	for _, j := range srv.Jobs() {
		if j.Status == air.StatusFailed {
			failed++
		}
		if done, err := time.Parse(time.RFC3339, j.Completed); err != nil || done.Unix() != 1e9+10 {
			t.Fatalf("got completed %q, status %s", j.Completed, j.Status)
		}
	}
	if failed < 220 || failed > 380 {
		t.Errorf("got %d of 1000 failed, want about 300", failed)
	}
	page := list(t, client, air.ListQuery{Status: air.StatusFailed, PageSize: 1})
	id := page.Jobs[0].ID
	var e struct {
		ErrorCode, Status string
		ErrorCount        int
	}
	if got := get(t, srv, id+"/errors", &e); got != http.StatusOK || e.ErrorCode == "" || e.ErrorCount != 1 || e.Status != "failed" {
		t.Errorf("errors: got %d, %+v", got, e)
	}
	if got := get(t, srv, id+"/metadata", &e); got != http.StatusNotFound {
		t.Errorf("metadata of a failed job: got %d, want 404", got)
	}
}

// A job's life, by the pages of one job.
func TestPagesOfAJob(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{
		Clock: func() time.Time { return time.Unix(1e9, 0) }, Settings: airtest.Settings{Lifecycle: airtest.Duration(10 * time.Minute)},
	})
	id := inProcess(t, srv, air.Config{}).Submit(t.Context(), job(1)).JobID
	var page struct {
		air.Job
		ErrorCount      int
		DestinationPath string
	}
	if got := get(t, srv, id+"/metadata", &page); got != http.StatusNotFound {
		t.Errorf("metadata: got %d, want 404", got)
	}
	srv.Advance(10 * time.Minute)
	if got := get(t, srv, id, &page); got != http.StatusOK || page.Status != air.StatusCompleted || page.Source.ObjectKey != "key-1" {
		t.Errorf("job: got %d, %+v", got, page)
	}
	for _, part := range []string{"/status", "/errors"} {
		page.ID, page.Status, page.ErrorCount = "", "", -1
		if got := get(t, srv, id+part, &page); got != http.StatusOK || page.ID != id || page.Status != "completed" || page.ErrorCount != 0 {
			t.Errorf("%s: got %d, %+v", part, got, page)
		}
	}
	want := "s3://out/jobs/2001-09-09/" + id + "/job-1_metadata.json"
	if got := get(t, srv, id+"/metadata", &page); got != http.StatusOK || page.DestinationPath != want || page.Destination.Bucket != "out" || page.UserID == "" {
		t.Errorf("metadata: got %d, %+v; want path %s", got, page, want)
	}
}

// Lookups by name and the newest page must not go through all jobs: a hundred
// times the jobs may not make them much more work. Counted in allocations, which
// a timer on a busy machine is not needed for.
func TestListingDoesNotGrowWithTheJobs(t *testing.T) {
	cost := func(jobs int) (byName, newest float64) {
		srv := airtest.NewServer(airtest.Config{})
		client := inProcess(t, srv, air.Config{})
		mustSubmit(t, client, 0, jobs)
		ask := func(q air.ListQuery) float64 {
			return testing.AllocsPerRun(20, func() { list(t, client, q) })
		}
		return ask(air.ListQuery{Batch: "b", Name: "job-7"}), ask(air.ListQuery{Batch: "b", Descending: true, PageSize: 10})
	}
	byName, newest := cost(100)
	byName2, newest2 := cost(10_000)
	if byName2 > byName*1.5+20 || newest2 > newest*1.5+20 {
		t.Errorf("allocations grew from %.0f and %.0f to %.0f and %.0f", byName, newest, byName2, newest2)
	}
}

func TestDuplicates(t *testing.T) {
	srv, client := withJobs(t, 3, airtest.Config{})
	if got := srv.Duplicates(); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
	mustSubmit(t, client, 1, 2)
	renamed := job(1)
	renamed.Name = "other"
	client.Submit(context.Background(), renamed)
	elsewhere := job(2)
	elsewhere.Batch = "c"
	client.Submit(context.Background(), elsewhere)

	got := srv.Duplicates()
	ids := got[airtest.Object{Batch: "b", Bucket: "in", Key: "key-1"}]
	if len(got) != 1 || len(ids) != 3 {
		t.Errorf("got %v, want key-1 with 3 jobs", got)
	}
	if all := srv.ByObject(); len(all) != 4 {
		t.Errorf("got %d objects, want 4", len(all))
	}
	if page := list(t, client, air.ListQuery{Name: "job-1", Batch: "b"}); fmt.Sprint(page.Jobs[0].ID, page.Jobs[1].ID) != fmt.Sprint(ids[0], ids[1]) {
		t.Errorf("listed %+v, want %v first", page.Jobs, ids[:2])
	}
}

// A list may be made to do other than it was asked; what is stored stays as it is.
func TestEditedLists(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{
		PageFields: airtest.PageFieldsOdd,
		EditQuery:  func(q url.Values) { q.Del("name") },
		EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
			return append(page, page[len(page)-1])
		},
	})
	client := inProcess(t, srv, air.Config{})
	mustSubmit(t, client, 0, 3)
	planted := srv.Plant(job(7))
	page := list(t, client, air.ListQuery{Batch: "b", Name: "job-1", PageSize: 100})
	if got, want := names(page), "job-0 job-1 job-2 job-7 job-7"; got != want || page.Jobs[4].ID != planted {
		t.Errorf("got %s (the last %s), want %s (%s)", got, page.Jobs[4].ID, want, planted)
	}
	if got := srv.Posts(); got != 3 || srv.Accepted() != 4 {
		t.Errorf("got %d POSTs and %d jobs, want 3 and 4", got, srv.Accepted())
	}
}
