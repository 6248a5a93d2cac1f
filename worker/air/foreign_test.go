package air_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"airlift/worker/air"
)

func TestForeignAnswers(t *testing.T) {
	tests := map[string]struct {
		status  int
		body    string
		foreign bool
		excerpt string
	}{
		"a refusal":             {403, `{"Error":"Monthly quota","ErrorCode":"Q"}`, false, ""},
		"an ErrorCode alone":    {404, `{"ErrorCode":"NOT_FOUND"}`, false, ""},
		"a job":                 {200, `{"Job":{"Id":"1"}}`, false, ""},
		"a job without an id":   {200, `{"Job":{}}`, false, ""},
		"an error with 200":     {200, `{"Error":"x"}`, false, ""},
		"empty":                 {403, ``, true, ""},
		"HTML":                  {403, "<html>\r\n <title>Access\tDenied</title>", true, "<html> <title>Access Denied</title>"},
		"HTML with 200":         {200, "<html>", true, "<html>"},
		"another API":           {429, `{"message":"slow \u0064own"}`, true, `{"message":"slow down"}`},
		"nulls":                 {429, `{"Error":null}`, true, `{"Error":null}`},
		"a list of errors":      {400, `[{"Error":"x"}]`, true, `[{"Error":"x"}]`},
		"half":                  {400, `{"Error":"x"`, true, `{"Error":"x"`},
		"a terminal's commands": {500, "a\x1b[31mb\u202ec\u0085d", true, "a [31mb c d"},
		"long":                  {502, strings.Repeat("ü", 500), true, strings.Repeat("ü", 120)},
		"no UTF-8":              {502, "a\xffb", true, "a\uFFFDb"},
		"the secret":            {403, "key=" + canarySecret + "&", true, "key=REDACTED&"},
		"the secret in JSON":    {403, `{"key":"canary\/secret\u002bKEY==0123456789"}`, true, `{"key":"REDACTED"}`},
		"the secret in HTML":    {403, "<p>canary&#x2F;secret&plus;KEY==0123456789", true, "<p>REDACTED"},
		"the secret at the cut": {403, strings.Repeat("x", 110) + canarySecret, true, strings.Repeat("x", 110) + "REDACTED"},
		"megabytes":             {403, "no " + strings.Repeat("x", 2<<20), true, "no " + strings.Repeat("x", 117)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := answering(t, tt.status, "text/plain", tt.body).Submit(background(), someJob())
			if out.Foreign != tt.foreign || out.Excerpt != tt.excerpt {
				t.Errorf("got foreign %v, excerpt %q; want %v, %q", out.Foreign, out.Excerpt, tt.foreign, tt.excerpt)
			}
			if !utf8.ValidString(out.Excerpt) {
				t.Errorf("the excerpt %q is not valid UTF-8", out.Excerpt)
			}
			mustHideKeys(t, fmt.Sprintf("%+v", out))
		})
	}
}

// Of an answer that broke off nothing is shown: it may end in the middle of a key.
func TestExcerptOfACutAnswer(t *testing.T) {
	raw := newRawServer(t, func(c rawConn) {
		c.request()
		c.send("HTTP/1.1 403 x\r\nContent-Length: 100\r\n\r\n" + canarySecret[:20])
	})
	out := newClient(t, air.Config{BaseURL: raw.url}).Submit(background(), someJob())
	if !out.Foreign || !out.Cut || out.Excerpt != "" || strings.Contains(fmt.Sprintf("%+v", out), canarySecret[:8]) {
		t.Errorf("got %+v, want a foreign answer, cut, without an excerpt", out)
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Thu, 26 Nov 2026 12:00:00 GMT"
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "900": 15 * time.Minute, "-5": 0, "1.5": 0, "soon": 0, "+3": 0,
		"Thu, 26 Nov 2026 12:02:00 GMT": 2 * time.Minute, "Thu, 26 Nov 2026 11:00:00 GMT": 0,
		"99999999999": 10 * 365 * 24 * time.Hour, "99999999999999999999999": 0,
	} {
		client := handling(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", date)
			w.Header().Set("Retry-After", header)
			w.WriteHeader(429)
		})
		if out := client.Submit(background(), someJob()); out.RetryAfter != want {
			t.Errorf("Retry-After %q: got %v, want %v", header, out.RetryAfter, want)
		}
	}
}

// An answer that was packed although identity was asked for is read, as far as any other one.
func TestPackedAnswers(t *testing.T) {
	pack := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, s)
		_ = z.Close()
		return b.String()
	}
	for name, tt := range map[string]struct {
		coding, body, id string
		bad              bool
	}{
		"gzip":           {"gzip", pack(`{"Job":{"Id":"1"}}`), "1", false},
		"x-gzip":         {"X-GZIP", pack("\uFEFF" + `{"Job":{"Id":"1"}}`), "1", false},
		"not packed":     {"gzip", `{"Job":{"Id":"1"}}`, "", true},
		"cut":            {"gzip", pack(`{"Job":{"Id":"1"}}`)[:20], "", true},
		"a bomb":         {"gzip", pack(strings.Repeat(" ", 64<<20) + `{"Job":{"Id":"1"}}`), "", true},
		"another coding": {"br", "\x0b\x08\x80", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			client := handling(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", tt.coding)
				_, _ = io.WriteString(w, tt.body)
			})
			if out := client.Submit(background(), someJob()); out.JobID != tt.id || (out.Err != nil) != tt.bad {
				t.Errorf("got %+v, want job %q", out, tt.id)
			}
		})
	}
}

func TestEcho(t *testing.T) {
	for name, tt := range map[string]struct {
		job  string
		fits bool
	}{
		"all":              {`"Name":"clip","Batch":"b","Source":{"Bucket":"in","ObjectKey":"MP4/Commercial.mp4"}`, true},
		"none":             {`"Status":"submitted"`, true},
		"empty and null":   {`"Name":"","Batch":null,"Source":{"Bucket":"","ObjectKey":""}`, true},
		"other types":      {`"Name":{},"Batch":5,"Source":"in"`, true},
		"escaped":          {`"Name":"cl\u0069p","Source":{"ObjectKey":"MP4\/Commercial.mp4"}`, true},
		"another name":     {`"Name":"Clip"`, false},
		"another batch":    {`"Batch":"b "`, false},
		"another bucket":   {`"Source":{"Bucket":"in2"}`, false},
		"another key":      {`"Source":{"ObjectKey":"MP4/Commercial.mp4\u0000"}`, false},
		"an endless name":  {`"Name":"clip` + strings.Repeat("x", 100_000) + `"`, false},
		"a name not UTF-8": {"\"Name\":\"clip\xff\"", false},
	} {
		t.Run(name, func(t *testing.T) {
			out := answering(t, 200, "", `{"Job":{"Id":"1",`+tt.job+`}}`).Submit(background(), someJob())
			if out.Misplaced == tt.fits || out.JobID != "1" || len(out.Echo.Name) > 5000 {
				t.Errorf("got misplaced %v of %+v, want %v", out.Misplaced, out, !tt.fits)
			}
		})
	}
	if out := answering(t, 200, "", `{"Records":[]}`).Submit(background(), someJob()); !out.Misplaced || out.JobID != "" {
		t.Errorf("a list: got %+v, want it misplaced", out)
	}
}
