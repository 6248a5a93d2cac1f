package air_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

func TestJobState(t *testing.T) {
	now := time.Unix(1e9, 0)
	srv := airtest.NewServer(airtest.Config{
		Clock:    func() time.Time { return now },
		Settings: airtest.Settings{Lifecycle: airtest.Duration(time.Minute), FailKeys: []string{"Commercial=UNSUPPORTED_CODEC"}},
	})
	client := newClient(t, air.Config{BaseURL: srv.Start(t)})
	id := client.Submit(background(), someJob()).JobID
	if got, err := client.JobStatus(background(), id); err != nil || got.ID != id || got.Status != air.StatusSubmitted || got.Date.IsZero() {
		t.Errorf("status of a new job: got %+v, %v", got, err)
	}
	now = now.Add(time.Hour)
	if got, err := client.JobErrors(background(), id); err != nil || got.Status != air.StatusFailed || got.Code != "UNSUPPORTED_CODEC" {
		t.Errorf("errors of a failed job: got %+v, %v", got, err)
	}
	var e *air.Error
	if _, err := client.JobStatus(background(), "0123"); !errors.As(err, &e) || e.Status != http.StatusNotFound {
		t.Errorf("an unknown job: got %v, want status 404", err)
	}
}

// An id is only ever a part of the path of its own, and an answer counts only for the job that was asked for.
func TestJobStateOfOddIDs(t *testing.T) {
	path := ""
	client := handling(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		_, _ = io.WriteString(w, `{"Id":"a/../b?c","Status":"completed","ErrorCount":0}`)
	})
	if got, err := client.JobStatus(background(), "a/../b?c"); err != nil || got.Status != air.StatusCompleted || path != "/jobs/a%2F..%2Fb%3Fc/status" {
		t.Errorf("got %+v, %v at %s", got, err, path)
	}
	path = ""
	for _, id := range []string{"", ".", "..", "a b"} {
		if _, err := client.JobStatus(background(), id); err == nil || path != "" {
			t.Errorf("id %q: got %v, asked %q", id, err, path)
		}
	}
	if _, err := client.JobErrors(background(), "other"); err == nil {
		t.Error("the answer for another job: got no error")
	}
}
