package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"airlift/queue"
)

// Parts of a listing, each from where the one before has ended, have every item once, whatever ends a part.
func TestPartsOfAListing(t *testing.T) {
	h := hold(t)
	must(t, h.local.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	const n = 8000
	for from := 0; from < n; from += n / 4 {
		var c queue.Chunk
		for i := range n / 4 {
			c.Items = append(c.Items, queue.Item{Line: 1, Bucket: "b", Key: fmt.Sprintf("%05d", from+i)})
		}
		_, err := h.local.Add(t.Context(), "b", c)
		must(t, err)
	}
	for q, want := range map[string]int{
		"limit=6000": n, "limit=7999": n, "limit=8000": n, "state=pending&limit=3000": n, "within=1ns": n, "within=1ns&limit=1400": n,
		"within=1ns&key=*7": n / 10, "state=failed&within=1ns": 0, "code=X&within=1ns": 0, "limit=4000&to=6000": 6000,
	} {
		got, parts := 0, 0
		for next := uint64(0); ; parts++ {
			resp, err := http.Get(fmt.Sprintf("%s/v1/items?batch=b&%s&from=%d", h.http.URL, q, next))
			must(t, err)
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			resp.Body.Close()
			lines := bytes.Split(bytes.TrimSpace(body), []byte("\n"))
			for _, line := range lines[:len(lines)-1] {
				var e entryJSON
				must(t, json.Unmarshal(line, &e))
				if e.Seq < next {
					t.Fatalf("%s: item %d comes again", q, e.Seq)
				}
				next = e.Seq + 1
				got++
			}
			var last lastJSON
			must(t, json.Unmarshal(lines[len(lines)-1], &last))
			if last.Next == nil {
				break
			}
			if *last.Next < next || len(lines) == 1 && *last.Next == next {
				t.Fatalf("%s: the part from %d on ends with %d", q, next, *last.Next)
			}
			next = *last.Next
		}
		if got != want || want == n && parts == 0 && q != "limit=8000" {
			t.Errorf("%s: %d items in %d parts, want %d", q, got, parts+1, want)
		}
	}
	for _, q := range []string{"within=x", "limit=x", "from=-1", "state=lost"} {
		resp, err := http.Get(h.http.URL + "/v1/items?batch=b&" + q)
		must(t, err)
		if resp.Body.Close(); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got status %d", q, resp.StatusCode)
		}
	}
}
