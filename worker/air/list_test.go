package air_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

func TestListQuery(t *testing.T) {
	var got url.Values
	client := handling(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.Query()
		_, _ = io.WriteString(w, `{"Records":[]}`)
	})
	tests := map[string]struct {
		query air.ListQuery
		want  string
	}{
		"defaults": {air.ListQuery{}, "pageNumber=1&pageSize=100&sortBy=Created&sortOrder=Asc"},
		"all": {air.ListQuery{Batch: "a&b=c +%", Name: "ü", Status: "failed", PageNumber: 3, PageSize: 7, Descending: true},
			"batch=a%26b%3Dc+%2B%25&name=%C3%BC&status=failed&pageNumber=3&pageSize=7&sortBy=Created&sortOrder=Desc"},
	}
	for name, tt := range tests {
		if _, err := client.List(background(), tt.query); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
		want, _ := url.ParseQuery(tt.want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	for _, q := range []air.ListQuery{{PageSize: 101}, {PageSize: -1}, {PageNumber: -1}} {
		if _, err := client.List(background(), q); err == nil {
			t.Errorf("%+v: got no error", q)
		}
	}
}

func TestListAnswers(t *testing.T) {
	tests := []struct {
		name, body string
		size       int
		jobs       int
		last       bool
		problem    string
	}{
		{"empty", `{"Records":[]}`, 2, 0, true, ""},
		{"short", `{"Records":[{"Id":"1"}]}`, 2, 1, true, ""},
		{"full", `{"Records":[{"Id":"1"},{"Id":"2"}],"Next":"x"}`, 2, 2, false, ""},
		{"more than asked for", `{"Records":[{"Id":"1"},{"Id":"2"},{"Id":"3"}]}`, 2, 3, false, ""},
		{"strange job", `{"Records":[{"Id":"1","Created":{},"Source":[]}]}`, 2, 1, true, ""},
		{"null", `{"Records":null}`, 2, 0, true, ""},
		{"null behind a BOM", "\uFEFF" + `{"TotalRecords":0,"Records":null}`, 2, 0, true, ""},
		{"twice", `{"Records":[{"Id":"1"}],"Records":[]}`, 2, 0, false, "not a complete JSON object"},
		{"null and jobs", `{"Records":null,"Records":[{"Id":"1"}]}`, 2, 0, false, "not a complete JSON object"},
		{"a text", `{"Records":""}`, 2, 0, false, "no array of Records"},
		{"false", `{"Records":false}`, 2, 0, false, "no array of Records"},
		{"a count alone", `{"TotalRecords":0}`, 2, 0, false, "no array of Records"},
		{"no records", `{"Jobs":[]}`, 2, 0, false, "no array of Records"},
		{"other case", `{"records":[]}`, 2, 0, false, "no array of Records"},
		{"an object", `{"Records":{}}`, 2, 0, false, "no array of Records"},
		{"bare array", `[]`, 2, 0, false, "not a complete JSON object"},
		{"HTML", `<html>`, 2, 0, false, "is the base URL that of an AiR API?"},
		{"empty body", ``, 2, 0, false, "not a complete JSON object"},
		{"half", `{"Records":[{"Id":"1"}`, 2, 0, false, "not a complete JSON object"},
		{"texts", `{"Records":[{"Id":"1"},"2"]}`, 2, 0, false, "record 2 of 2 is not an object"},
		{"record null", `{"Records":[null]}`, 2, 0, false, "record 1 of 1 is not an object"},
		{"no id", `{"Records":[{"JobName":"x"}]}`, 2, 0, false, "record 1 of 1 has no Id"},
		{"too long", `{"Records":[]}` + strings.Repeat(" ", 8<<20), 2, 0, false, "too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page, err := answering(t, 200, "application/json", tt.body).List(background(), air.ListQuery{PageSize: tt.size})
			if tt.problem == "" {
				if err != nil || len(page.Jobs) != tt.jobs || page.Short != tt.last || page.Date.IsZero() {
					t.Errorf("got %d jobs, last %v, date %v, error %v; want %d, %v", len(page.Jobs), page.Short, page.Date, err, tt.jobs, tt.last)
				}
				return
			}
			var e *air.Error
			if !errors.As(err, &e) || e.Status != 200 || !strings.HasPrefix(err.Error(), "GET /jobs: ") || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %v, want an *Error with status 200 and %q", err, tt.problem)
			}
		})
	}
}

// A job without a usable id hides none of the others, and is none of them.
func TestListOddRecords(t *testing.T) {
	const job = `{"Id":"1","Name":"a"}`
	for name, tt := range map[string]struct{ record, problem string }{
		"an odd id":             {`{"Id":"a b","Name":"x"}`, "record 2 of 3 has an Id that is not 1 to 256 bytes of visible ASCII"},
		"an odd id alone":       {`{"Id":"a\u001b[1m"}`, "visible ASCII"},
		"an id with the secret": {`{"Id":"` + canarySecret + `","Name":"x"}`, "one of the keys"},
		"no id, but a name":     {`{"Name":"x"}`, "record 2 of 3 has no Id"},
		"no id, but a source":   {`{"Id":null,"Source":{"ObjectKey":"x"}}`, "record 2 of 3 has no Id"},
	} {
		page, err := answering(t, 200, "application/json", `{"Records":[`+job+","+tt.record+","+`{"Id":"2"}]}`).List(background(), air.ListQuery{PageSize: 3})
		if err != nil || len(page.Jobs) != 2 || page.Jobs[1].ID != "2" || len(page.Odd) != 1 || page.Short {
			t.Errorf("%s: got %+v, %v, want two jobs and an odd one", name, page, err)
			continue
		}
		if o := page.Odd[0]; o.ID != "" || !strings.Contains(o.Err.Error(), tt.problem) || strings.Contains(o.Err.Error(), canarySecret) {
			t.Errorf("%s: got %+v, want %q", name, o, tt.problem)
		}
	}
}

func TestGetErrors(t *testing.T) {
	tests := []struct {
		status     int
		body, want string
	}{
		{401, `{"Error":"Unauthorized","ErrorCode":"UNAUTHORIZED"}`,
			"GET /jobs: status 401 UNAUTHORIZED Unauthorized (check the access key and the secret key)"},
		{404, ``, "GET /jobs: status 404 (no such job, or the base URL is wrong)"},
		{503, `<html>`, "GET /jobs: status 503"},
	}
	for _, tt := range tests {
		_, err := answering(t, tt.status, "text/html", tt.body).List(background(), air.ListQuery{})
		var e *air.Error
		if !errors.As(err, &e) || err.Error() != tt.want || e.Status != tt.status || !e.Written || e.Date.IsZero() {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// The timeout, measured to the instant.
func TestTimeoutInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := airtest.NewServer(airtest.Config{Script: func(r airtest.Request) airtest.Fault {
			return airtest.Fault{Kind: airtest.HangAfter}
		}})
		client := newClient(t, air.Config{BaseURL: "https://air.example", Transport: srv, Timeout: 7 * time.Second})
		out := client.Submit(t.Context(), someJob())
		if got := out.Ended.Sub(out.Sent); got != 7*time.Second || !errors.Is(out.Err, context.DeadlineExceeded) || !out.Written {
			t.Errorf("got %v after %v, written %v; want a timeout after 7s, written", out.Err, got, out.Written)
		}
		if srv.Accepted() != 1 {
			t.Errorf("got %d jobs, want 1", srv.Accepted())
		}
		_, err := client.List(t.Context(), air.ListQuery{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("list: got %v, want a timeout", err)
		}
	})
}
