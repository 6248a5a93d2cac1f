package air_test

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"airlift/worker/air"
)

var discardLog = log.New(io.Discard, "", 0)

// seedAnswer is the example of the page "Submit a new job".
const seedAnswer = `{"Job":{"Id":"67345137bcb6dce44b35a6a6281711e7","Name":"MyJobName","Source":{"Endpoint":"s3.us-west-1.wasabisys.com",
"Bucket":"wasabifs-chm","Region":"us-west-1","ObjectKey":"MP4/Commercial.mp4","Provider":"wasabi"},"Services":{"ocr":""},"UserId":"10000",
"Created":"2024-11-13T07:11:51.658Z","Completed":"2024-11-13T07:11:51.658Z","Priority":5,"Batch":"batch_2024_11_21","Status":"submitted",
"Destination":{"Bucket":"airstream-output-2","Region":"us-west-1"}}}`

func TestSubmitRequest(t *testing.T) {
	var got *http.Request
	var body string
	client := handling(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
		w.Header().Set("Date", "Thu, 13 Nov 2024 07:11:51 GMT")
		_, _ = io.WriteString(w, seedAnswer)
	})
	job := air.NewJob{
		Name: "a<b>&c", Priority: 5, Services: json.RawMessage(`{"logo":{"config":{"x":0.85}}}`), Batch: "b",
		Destination: air.Destination{Bucket: "out", Region: "r"},
		Source:      air.Source{Endpoint: "e", Bucket: "in", Region: "r", ObjectKey: "a+b %41/ü\u2028\x01\"\\\r\n&<>"},
	}
	out := client.Submit(background(), job)

	if out.JobID != "67345137bcb6dce44b35a6a6281711e7" {
		t.Errorf("got job %q", out.JobID)
	}
	if !out.Date.Equal(time.Date(2024, 11, 13, 7, 11, 51, 0, time.UTC)) {
		t.Errorf("got date %v", out.Date)
	}
	if out.Err != nil || out.Status != 200 || !out.Written || out.Ended.Before(out.Sent) || out.Sent.IsZero() {
		t.Errorf("got %+v", out)
	}

	var sent air.NewJob
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(job, sent); d != "" {
		t.Errorf("body (-want +got):\n%s", d)
	}
	if !strings.Contains(body, `"a<b>&c"`) {
		t.Errorf("body is escaped for HTML: %s", body)
	}
	if got.Method != "POST" || got.URL.Path != "/jobs" || got.ContentLength != int64(len(body)) {
		t.Errorf("got %s %s of length %d", got.Method, got.URL, got.ContentLength)
	}
	for name, want := range map[string]string{
		"X-Amz-Access-Key": canaryAccess, "X-Amz-Secret-Key": canarySecret, "Content-Type": "application/json",
		"User-Agent": "airlift", "Idempotency-Key": "", "X-Idempotency-Key": "", "Accept-Encoding": "identity",
	} {
		if g := got.Header.Get(name); g != want {
			t.Errorf("header %s: got %q, want %q", name, g, want)
		}
	}
}

func TestSubmitLeavesOutWhatIsEmpty(t *testing.T) {
	var body string
	client := handling(t, func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	})
	job := someJob()
	job.Batch = ""
	client.Submit(background(), job)
	want := `{"Name":"clip","Services":{"ocr":""},"Destination":{"Bucket":"out","Region":"us-west-1"},"Source":{"Bucket":"in","ObjectKey":"MP4/Commercial.mp4"}}` + "\n"
	if body != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
}

func TestJobThatCannotBeWritten(t *testing.T) {
	client := handling(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for name, change := range map[string]func(*air.NewJob){
		"key":      func(j *air.NewJob) { j.Source.ObjectKey = "a\xff" },
		"name":     func(j *air.NewJob) { j.Name = "\xc3" },
		"services": func(j *air.NewJob) { j.Services = json.RawMessage(`{"ocr":`) },
		"in JSON":  func(j *air.NewJob) { j.Services = json.RawMessage("{\"o\xff\":\"\"}") },
	} {
		job := someJob()
		change(&job)
		if out := client.Submit(background(), job); !errors.Is(out.Err, air.ErrInvalidJob) || out.Written || out.Ended.IsZero() {
			t.Errorf("%s: got %+v, want ErrInvalidJob and nothing written", name, out)
		}
	}
}

func TestSubmitAnswers(t *testing.T) {
	const jsonType, htmlType = "application/json", "text/html"
	tests := []struct {
		name        string
		status      int
		contentType string
		body        string
		id          string
		code, text  string
		err         bool
	}{
		{"job", 200, jsonType, `{"Job":{"Id":"1"}}`, "1", "", "", false},
		{"created", 201, jsonType, `{"Job":{"Id":"1"}}`, "1", "", "", false},
		{"as HTML", 200, htmlType, ` {"Job":{"Id":"1"}} `, "1", "", "", false},
		{"new fields", 200, jsonType, `{"New":[1],"Job":{"Id":"1","New":{}}}`, "1", "", "", false},
		{"id a number", 200, jsonType, `{"Job":{"Id":12}}`, "12", "", "", false},
		{"strange fields", 200, jsonType, `{"Job":{"Id":"1","Created":5,"Completed":null,"Priority":"high","Source":"x","Name":{},"Services":[]}}`, "1", "", "", false},
		{"no job", 200, jsonType, `{}`, "", "", "", false},
		{"job null", 200, jsonType, `{"Job":null}`, "", "", "", false},
		{"job a text", 200, jsonType, `{"Job":"x"}`, "", "", "", false},
		{"no id", 200, jsonType, `{"Job":{"Name":"x"}}`, "", "", "", false},
		{"id null", 200, jsonType, `{"Job":{"Id":null}}`, "", "", "", false},
		{"id an object", 200, jsonType, `{"Job":{"Id":{}}}`, "", "", "", false},
		{"id 0", 200, jsonType, `{"Job":{"Id":0}}`, "", "", "", false},
		{"other case", 200, jsonType, `{"job":{"id":"1"}}`, "", "", "", false},
		{"error with 200", 200, jsonType, `{"Error":"oh","ErrorCode":"E"}`, "", "E", "oh", false},
		{"half", 200, jsonType, `{"Job":{"Id":"1"}`, "", "", "", true},
		{"more behind", 200, jsonType, `{"Job":{"Id":"1"}} x`, "", "", "", true},
		{"two members Job", 200, jsonType, `{"Job":{"Id":"1"},"Job":{"Id":"2"}}`, "", "", "", true},
		{"two ids", 200, jsonType, `{"Job":{"Id":"1","Id":"2"}}`, "", "", "", true},
		{"an id and an error", 200, jsonType, `{"Job":{"Id":"1"},"Error":"oh"}`, "1", "", "oh", false},
		{"BOM", 200, jsonType, "\uFEFF" + `{"Job":{"Id":"1"}}`, "1", "", "", false},
		{"two BOMs", 200, jsonType, "\uFEFF\uFEFF" + `{"Job":{"Id":"1"}}`, "", "", "", true},
		{"id of 256 bytes", 200, jsonType, `{"Job":{"Id":"` + strings.Repeat("x", 256) + `"}}`, strings.Repeat("x", 256), "", "", false},
		{"id of 257 bytes", 200, jsonType, `{"Job":{"Id":"` + strings.Repeat("x", 257) + `"}}`, "", "", "", true},
		{"id of 64 KiB", 200, jsonType, `{"Job":{"Id":"` + strings.Repeat("x", 1<<16) + `"}}`, "", "", "", true},
		{"id with a terminal escape", 200, jsonType, `{"Job":{"Id":"a\u001b[31m"}}`, "", "", "", true},
		{"id with a space", 200, jsonType, `{"Job":{"Id":"a b"}}`, "", "", "", true},
		{"id beyond ASCII", 200, jsonType, `{"Job":{"Id":"ä"}}`, "", "", "", true},
		{"id with the secret", 200, jsonType, `{"Job":{"Id":"canary\/secret+KEY\u003d=0123456789"}}`, "", "", "", true},
		{"twice", 200, jsonType, `{"Job":{"Id":"1"}}{"Job":{"Id":"1"}}`, "", "", "", true},
		{"HTML", 200, htmlType, `<html>`, "", "", "", true},
		{"empty", 200, jsonType, ``, "", "", "", true},
		{"no content", 204, jsonType, ``, "", "", "", true},
		{"array", 200, jsonType, `[]`, "", "", "", true},
		{"too long", 200, jsonType, `{"Job":{"Id":"1"}}` + strings.Repeat(" ", 1<<20), "", "", "", true},

		{"bad request behind a BOM", 400, jsonType, "\uFEFF" + `{"Error":"e","ErrorCode":"C"}`, "", "C", "e", false},
		{"bad request", 400, jsonType, `{"Error":"source object not found or inaccessible","ErrorCode":"BAD_REQUEST"}`, "", "BAD_REQUEST", "source object not found or inaccessible", false},
		{"error as HTML", 429, htmlType, `{"Error":"Daily Cap","ErrorCode":"C"}`, "", "C", "Daily Cap", false},
		{"job in an error", 500, jsonType, `{"Job":{"Id":"1"},"Error":"e"}`, "", "", "e", false},
		{"no strings", 400, jsonType, `{"Error":{"a":[1]},"ErrorCode":42}`, "", "42", `{"a":[1]}`, false},
		{"nulls", 400, jsonType, `{"Error":null,"ErrorCode":null}`, "", "", "", false},
		{"another API", 404, jsonType, `{"error":"x","code":1}`, "", "", "", false},
		{"error HTML", 502, htmlType, `<html>`, "", "", "", false},
		{"error empty", 401, jsonType, ``, "", "", "", false},
		{"error half", 400, jsonType, `{"Error":"x"`, "", "", "", false},
		{"error too long", 500, jsonType, strings.Repeat(" ", 1<<20+1), "", "", "", false},
		{"unprintable", 400, jsonType, `{"Error":"a\u0000\n\u001b[31m\u202eb\ud800","ErrorCode":"\tX "}`, "", "X", "a   [31m b\uFFFD", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := answering(t, tt.status, tt.contentType, tt.body).Submit(background(), someJob())
			if out.Status != tt.status || !out.Written || out.Date.IsZero() {
				t.Errorf("got %+v", out)
			}
			if out.JobID != tt.id || out.Code != tt.code || out.Message != tt.text {
				t.Errorf("got id %q, code %q, message %q; want %q, %q, %q", out.JobID, out.Code, out.Message, tt.id, tt.code, tt.text)
			}
			if (out.Err != nil) != tt.err {
				t.Errorf("got error %v, want one: %v", out.Err, tt.err)
			}
		})
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	client := answering(t, 400, "application/json", `{"Error":"x`+strings.Repeat("ü", 2000)+`","ErrorCode":"`+strings.Repeat("C", 5000)+`"}`)
	out := client.Submit(background(), someJob())
	if len(out.Code) != 1024 || len(out.Message) != 1023 || !utf8.ValidString(out.Message) {
		t.Errorf("got %d and %d bytes, valid %v; want 1024 and 1023, valid", len(out.Code), len(out.Message), utf8.ValidString(out.Message))
	}
}

func TestDateHeader(t *testing.T) {
	for date, want := range map[string]int64{"": 0, "yesterday": 0, "Thu, 01 Jan 1970 00:01:40 GMT": 100} {
		client := handling(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = nil
			if date != "" {
				w.Header().Set("Date", date)
			}
			w.WriteHeader(429)
		})
		out := client.Submit(background(), someJob())
		if want == 0 && !out.Date.IsZero() || want != 0 && out.Date.Unix() != want {
			t.Errorf("date %q: got %v", date, out.Date)
		}
	}
}

func FuzzDecodeAnswer(f *testing.F) {
	f.Add([]byte(seedAnswer))
	f.Add([]byte(`{"Job":{"Id":"1"}}x`))
	f.Add([]byte(`{"Records":[{"Id":1,"Priority":1e99,"Source":{"ObjectKey":"\ud800"}}]}`))
	f.Add([]byte(`{"Job":{"Id":"1","Services":{"a":{}}},"Job":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, echo, err := air.AcceptedID(b)
		if (err == nil || echo != (air.Echo{})) && !json.Valid(b) {
			t.Errorf("got job %q and %v out of %q (%v)", id, echo, b, err)
		}
		jobs, err := air.DecodePage(b)
		if err != nil && jobs != nil || err == nil && !json.Valid(b) {
			t.Errorf("got %d jobs and %v out of %q", len(jobs), err, b)
		}
		for _, j := range jobs {
			if (j.ID == "") != (j.Err != nil) || !utf8.ValidString(j.ID+j.Name+j.Source.ObjectKey) {
				t.Errorf("got %+v out of %q", j, b)
			}
		}
	})
}
