package api

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"airlift/queue"
)

// What cannot be meant is refused as a mistake of the caller, and changes nothing.
func TestMistakesOfTheCallerChangeNothing(t *testing.T) {
	h := hold(t)
	ctx := t.Context()
	must(t, h.remote.CreateBatch(ctx, queue.Batch{ID: "b"}))
	must(t, h.remote.BeginReading(ctx, "b", false))
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/items?batch=b&key=%5B", "", 400},
		{"GET", "/v1/items?batch=b&state=gone", "", 400},
		{"GET", "/v1/items?batch=b&limit=-1", "", 400},
		{"POST", "/v1/create", `{"id":""}`, 400},
		{"POST", "/v1/create", `{"id":"x","nonsense":1}`, 400},
		{"POST", "/v1/create", `{"id":"x"} {"id":"y"}`, 400},
		{"POST", "/v1/set", `{"rate":-1}`, 400},
		{"POST", "/v1/set", `{"rate":1e300}`, 400},
		{"POST", "/v1/set", `{"workers":9223372036854775807}`, 400},
		{"POST", "/v1/set", `{"daily_limit":-1}`, 400},
		{"POST", "/v1/set", `{"share":5}`, 400},
		{"POST", "/v1/set", `{"batch":"b","share":101}`, 400},
		{"POST", "/v1/set", `{"batch":"none","share":5,"rate":3}`, 404},
		{"POST", "/v1/pause", `{"until":"2001-01-01T00:00:00Z"}`, 400},
		{"POST", "/v1/pause", `{"reason":"` + strings.Repeat("x", 2000) + `"}`, 400},
		{"POST", "/v1/reading/rows", `{"batch":"b","chunk":{"items":[{"bucket":"","key":""}]}}`, 400},
		{"POST", "/v1/reading/rows", `{"batch":"b","chunk":{"items":[{"bucket":"b","key":"` + strings.Repeat("k", 70000) + `"}]}}`, 400},
		{"POST", "/v1/reading/rows", `{"batch":"b","chunk":{"items":[{"bucket":"b","key":"k","version":5}]}}`, 400},
		{"POST", "/v1/reading/rows", `{"batch":"b","chunk":{"items":[{"bucket":"b","key":"k","seq":99}]}}`, 400},
		{"POST", "/v1/reading/rows", `{"batch":"b","chunk":{"items":[{"bucket":"b","key":"k","unsourced":true}]}}`, 400},
		{"POST", "/v1/reading/rows", `{"batch":"b","chunk":{"items":[{"bucket":"b","key":"k","line":-5}]}}`, 400},
		{"POST", "/v1/reading/rows", `{"batch":"b","chunk":{"skipped":{"x":-5}}}`, 400},
	} {
		r, err := http.NewRequestWithContext(ctx, c.method, h.http.URL+c.path, strings.NewReader(c.body))
		must(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(sessionHeader, h.remote.session)
		resp, err := http.DefaultClient.Do(r)
		must(t, err)
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s %s %.100s: got status %d (%s), want %d", c.method, c.path, c.body, resp.StatusCode, text, c.status)
		}
	}
	a, err := h.local.Account(ctx, queue.DefaultAccount, 0)
	must(t, err)
	if a.Control != (queue.Control{}) {
		t.Errorf("set: %+v", a.Control)
	}
	all, err := h.local.Batches(ctx)
	must(t, err)
	if len(all) != 1 || all[0].Counts.Items != 0 || all[0].Reading.Rows != 0 || all[0].Control != (queue.BatchControl{}) {
		t.Errorf("the queue has %+v", all)
	}
}
