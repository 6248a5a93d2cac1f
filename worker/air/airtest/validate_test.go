package airtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

func TestValidation(t *testing.T) {
	wide := strings.Repeat("ü", 256)
	tests := []struct {
		name    string
		change  string // NAME=JSON, the JSON empty to leave the field out
		problem string
	}{
		{"as it is", "", ""},
		{"all fields", `Priority=10`, ""},
		{"services", `Services={"logo":{"config":{"x":0.85}},"ocr":"","new":""}`, ""},
		{"empty config", `Services={"logo":{"config":{}}}`, ""},
		{"no batch", `Batch=`, ""},
		{"name of 256 characters", `Name="` + wide + `"`, ""},
		{"batch of 256 characters", `Batch="` + wide + `"`, ""},
		{"unknown field", `New=1`, ""},

		{"name missing", `Name=`, "Name"},
		{"name blank", `Name=" \t "`, "Name"},
		{"name too long", `Name="` + wide + `x"`, "Name"},
		{"name a number", `Name=1`, "malformed"},
		{"name in another case", `name="x"`, ""},
		{"priority 0", `Priority=0`, "Priority"},
		{"priority 11", `Priority=11`, "Priority"},
		{"priority 1.5", `Priority=1.5`, "malformed"},
		{"priority a text", `Priority="5"`, "malformed"},
		{"batch too long", `Batch="` + wide + `x"`, "Batch"},
		{"services missing", `Services=`, "Services"},
		{"services null", `Services=null`, "Services"},
		{"services empty", `Services={}`, "Services"},
		{"services an array", `Services=["ocr"]`, "Services"},
		{"service true", `Services={"ocr":true}`, "Services.ocr"},
		{"service a text", `Services={"ocr":"x"}`, "Services.ocr"},
		{"service without config", `Services={"ocr":{}}`, "Services.ocr"},
		{"service with more", `Services={"ocr":{"config":{},"x":1}}`, "Services.ocr"},
		{"config a text", `Services={"ocr":{"config":""}}`, "Services.ocr"},
		{"destination missing", `Destination=`, "Destination"},
		{"destination null", `Destination=null`, "Destination"},
		{"destination region missing", `Destination={"Bucket":"b"}`, "Destination"},
		{"destination bucket empty", `Destination={"Bucket":"","Region":"r"}`, "Destination"},
		{"source missing", `Source=`, "Source"},
		{"source key missing", `Source={"Bucket":"b"}`, "Source"},
		{"source bucket missing", `Source={"ObjectKey":"k"}`, "Source"},
		{"key is not UTF-8", "Source={\"Bucket\":\"b\",\"ObjectKey\":\"a\xff\"}", "malformed"},
		{"key twice", `Source={"Bucket":"b","ObjectKey":"a","ObjectKey":"b"}`, "malformed"},
		{"broken", `Source={`, "malformed"},
	}
	srv := airtest.NewServer(airtest.Config{})
	accepted := 0
	for _, tt := range tests {
		fields := map[string]string{
			"Name": `"n"`, "Batch": `"b"`, "Services": `{"ocr":""}`,
			"Destination": `{"Bucket":"out","Region":"r"}`, "Source": `{"Bucket":"in","ObjectKey":"k"}`,
		}
		if name, value, ok := strings.Cut(tt.change, "="); ok {
			fields[name] = value
		}
		var parts []string
		for name, value := range fields {
			if value != "" {
				parts = append(parts, `"`+name+`":`+value)
			}
		}
		status, answer := exchange(t, srv, http.MethodPost, "/jobs", "{"+strings.Join(parts, ",")+"}")
		if tt.problem == "" {
			accepted++
			if status != 200 || !strings.Contains(answer, `"Status":"submitted"`) {
				t.Errorf("%s: got %d %s, want a job", tt.name, status, answer)
			}
			continue
		}
		var e struct{ Error, ErrorCode string }
		_ = json.Unmarshal([]byte(answer), &e)
		if status != 400 || e.ErrorCode != "BAD_REQUEST" || !strings.Contains(e.Error, tt.problem) {
			t.Errorf("%s: got %d %s, want 400 with %q", tt.name, status, answer, tt.problem)
		}
	}
	for _, body := range []string{"", "x", "[]", "null x"} {
		if status, _ := exchange(t, srv, http.MethodPost, "/jobs", body); status != 400 {
			t.Errorf("body %q: got %d, want 400", body, status)
		}
	}
	if srv.Accepted() != accepted || srv.Posts() != len(tests)+4 {
		t.Errorf("got %d accepted of %d, want %d of %d", srv.Accepted(), srv.Posts(), accepted, len(tests)+4)
	}
}

func exchange(t *testing.T, srv *airtest.Server, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, "https://air.example"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Access-Key", "access")
	req.Header.Set("X-Amz-Secret-Key", "secret")
	return answerTo(t, srv, req)
}

func answerTo(t *testing.T, srv *airtest.Server, req *http.Request) (int, string) {
	t.Helper()
	resp, err := srv.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	_ = resp.Write(&b)
	return resp.StatusCode, b.String()[strings.Index(b.String(), "\r\n\r\n")+4:]
}

func TestPathsAndMethods(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{})
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 404}, {"GET", "/job", 404}, {"POST", "/jobs/", 404}, {"GET", "/v1/jobs", 404}, {"DELETE", "/jobs", 405},
		{"PUT", "/jobs", 405}, {"DELETE", "/jobs/x", 405}, {"GET", "/jobs/x", 404}, {"GET", "/jobs/x/nothing", 404},
		{"GET", "/jobs/" + strings.Repeat("0", 32), 404}, {"GET", "/jobs/" + strings.Repeat("0", 32) + "/status", 404},
	} {
		status, body := exchange(t, srv, tt.method, tt.path, "")
		if status != tt.want || !strings.Contains(body, `"ErrorCode":"`) {
			t.Errorf("%s %s: got %d %s, want %d and JSON", tt.method, tt.path, status, body, tt.want)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, tt := range []struct {
		config         airtest.Config
		access, secret string
		want           int
	}{
		{airtest.Config{}, "a", "s", 200},
		{airtest.Config{}, "", "s", 401},
		{airtest.Config{}, "a", "", 401},
		{airtest.Config{AccessKey: "a", SecretKey: "s"}, "a", "s", 200},
		{airtest.Config{AccessKey: "a", SecretKey: "s"}, "a", "x", 401},
		{airtest.Config{AccessKey: "a", SecretKey: "s"}, "x", "s", 401},
	} {
		srv := airtest.NewServer(tt.config)
		for _, method := range []string{"GET", "POST"} {
			body, _ := json.Marshal(job(1))
			req, _ := http.NewRequest(method, "https://air.example/jobs", strings.NewReader(string(body)))
			for name, value := range map[string]string{"X-Amz-Access-Key": tt.access, "X-Amz-Secret-Key": tt.secret} {
				if value != "" {
					req.Header.Set(name, value)
				}
			}
			if got, _ := answerTo(t, srv, req); got != tt.want {
				t.Errorf("%s with %q, %q: got %d, want %d", method, tt.access, tt.secret, got, tt.want)
			}
		}
	}
}

func TestWhatDoesNotExist(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{
		SourceExists:      func(_, key string) bool { return key != "key-1" },
		DestinationExists: func(bucket, _ string) bool { return bucket == "out" },
	})
	client := inProcess(t, srv, air.Config{})
	mustSubmit(t, client, 0, 1)
	if out := client.Submit(context.Background(), job(1)); out.Status != 400 || out.Message != "source object not found or inaccessible" {
		t.Errorf("source: got %+v", out)
	}
	j := job(2)
	j.Destination.Bucket = "elsewhere"
	if out := client.Submit(context.Background(), j); out.Status != 400 || !strings.HasPrefix(out.Message, "destination") {
		t.Errorf("destination: got %+v", out)
	}
}

// What was sent comes back, byte for byte, wherever it is shown.
func TestOddTexts(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{})
	client := overSocket(t, srv, air.Config{})
	want := job(1)
	want.Name, want.Batch, want.Priority = "ü<&>\" \u2028", "b/%2F +&=#?", 3
	want.Source = air.Source{Endpoint: "e", Bucket: "in", Region: "r", ObjectKey: "a\x01b\r\n+%20/../\\\"😀\u2028"}
	want.Services = json.RawMessage(`{"logo":{"config":{"x":0.85}}}`)
	posted := client.Submit(context.Background(), want).JobID
	page, err := client.List(context.Background(), air.ListQuery{Batch: want.Batch, Name: want.Name})
	if err != nil || len(page.Jobs) != 1 {
		t.Fatalf("list: got %+v, %v; want one job", page, err)
	}
	var single air.Job
	get(t, srv, posted, &single)
	want.Source.Provider = "wasabi"
	for name, got := range map[string]air.Job{"list": page.Jobs[0], "get": single, "oracle": srv.Jobs()[0]} {
		if got.ID != posted || len(got.ID) != 32 || got.Name != want.Name || got.Batch != want.Batch || got.Source != want.Source ||
			got.Priority != 3 || got.Destination != want.Destination || got.UserID == "" {
			t.Errorf("%s: got  %+v\nwant %+v", name, got, want)
		}
		if (string(got.Services) == string(want.Services)) != (name != "list") {
			t.Errorf("%s: got services %s", name, got.Services)
		}
		if _, ok := got.CreatedAt(); !ok {
			t.Errorf("%s: got created %q", name, got.Created)
		}
	}
	if got := fmt.Sprint(srv.ByObject()); !strings.Contains(got, posted) {
		t.Errorf("by object: got %s", got)
	}
}
