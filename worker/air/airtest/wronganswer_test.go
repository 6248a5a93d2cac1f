package airtest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// body is the body of a valid POST of the i-th job.
func body(i int) string {
	text, _ := json.Marshal(job(i))
	return string(text)
}

func always(kind airtest.Kind) airtest.Config {
	return airtest.Config{Script: func(airtest.Request) airtest.Fault { return airtest.Fault{Kind: kind} }}
}

// posted posts the i-th job and returns the job of the answer.
func posted(t *testing.T, srv *airtest.Server, i int) air.Job {
	t.Helper()
	status, text := exchange(t, srv, "POST", "/jobs", body(i))
	var got struct{ Job air.Job }
	if err := json.Unmarshal([]byte(text), &got); status != 200 || err != nil {
		t.Fatalf("got %d %.200s (%v), want 200", status, text, err)
	}
	return got.Job
}

// raw speaks HTTP on one connection.
type raw struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, url string) raw {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return raw{t, c, bufio.NewReader(c)}
}

func (c raw) send(method, path, body string) {
	c.t.Helper()
	_, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: air\r\nX-Amz-Access-Key: a\r\nX-Amz-Secret-Key: s\r\nContent-Length: %d\r\n\r\n%s", method, path, len(body), body)
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c raw) answer() string {
	c.t.Helper()
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		c.t.Fatalf("got %d %q, %v", resp.StatusCode, text, err)
	}
	return string(text)
}

// After the true answer it comes once more, and stands before the answer to the next request of the connection.
func TestStrayAnswer(t *testing.T) {
	for _, kind := range []airtest.Kind{airtest.StrayAnswer, airtest.LateRepeat} {
		srv := airtest.NewServer(always(kind))
		c := dial(t, srv.Start(t))
		var got []string
		for i := range 3 {
			c.send("POST", "/jobs", body(i))
			got = append(got, c.answer())
		}
		if got[0] != got[1] || !strings.Contains(got[2], `"Name":"job-1"`) {
			t.Errorf("%s: the answers are\n%s\nwant the first twice, then the second", kind, strings.Join(got, "\n"))
		}
		c.send("GET", "/jobs?name=job-2", "")
		for range 4 { // what is left of job-1's, twice job-2's, the list
			got = append(got, c.answer())
		}
		if list := got[6]; !strings.Contains(list, `{"Records":[{"Id"`) || !strings.Contains(list, `"job-2"`) {
			t.Errorf("%s: the list comes after its turn: %s", kind, list)
		}
		if got := srv.Injected()[kind]; srv.Accepted() != 3 || got != 4 {
			t.Errorf("%s: got %d jobs and %d injected, want 3 and 4", kind, srv.Accepted(), got)
		}
	}
}

func TestWrongEcho(t *testing.T) {
	srv := airtest.NewServer(always(airtest.WrongEcho))
	got, is := posted(t, srv, 1), srv.Jobs()[0]
	if got.ID != is.ID || got.Name == is.Name || got.Source.ObjectKey == is.Source.ObjectKey || got.Source.Bucket == is.Source.Bucket || is.Name != "job-1" {
		t.Errorf("got %+v for %+v, want its id and another Name and Source", got, is)
	}
	_, text := exchange(t, srv, "GET", "/jobs?name=job-1&batch=b", "")
	if !strings.Contains(text, `"another-job-1"`) || strings.Contains(text, `"Name":"job-1"`) {
		t.Errorf("a list: got %s, want the answer to another request", text)
	}
}

func TestSameID(t *testing.T) {
	srv := airtest.NewServer(always(airtest.SameID))
	other := job(9)
	other.Batch = "other"
	srv.Plant(other)
	first, second, third := posted(t, srv, 1), posted(t, srv, 2), posted(t, srv, 3)
	jobs := srv.Jobs()
	if first.ID != jobs[1].ID || second.ID != first.ID || third.ID != jobs[2].ID || third.Name != "job-3" || srv.Injected()[airtest.SameID] != 2 {
		t.Errorf("got the ids %s, %s, %s of %+v", first.ID, second.ID, third.ID, jobs)
	}
	if _, text := exchange(t, srv, "GET", "/jobs?name=job-3", ""); !strings.Contains(text, jobs[3].ID) {
		t.Errorf("the list lacks the true id: %s", text)
	}
}

func TestOddID(t *testing.T) {
	srv := airtest.NewServer(always(airtest.OddID))
	ids := ""
	for i := range 3 {
		ids += posted(t, srv, i).ID + "\n"
	}
	if len(ids) < 64<<10 || !strings.Contains(ids, "\x1b[") || !strings.Contains(ids, "日") {
		t.Errorf("got the ids %.300q", ids)
	}
	if _, text := exchange(t, srv, "GET", "/jobs?name=job-1", ""); !strings.Contains(text, `{"Id":"`+srv.Jobs()[1].ID+`"`) {
		t.Errorf("the list lacks the true id: %s", text)
	}
}

func TestForeignRefusals(t *testing.T) {
	for kind, want := range map[airtest.Kind]struct {
		status int
		body   string
		retry  string
	}{
		airtest.Empty400: {400, "", ""}, airtest.HTML403: {403, "<html>", ""}, airtest.Access403: {403, `"ErrorCode":"ACCESS_DENIED"`, ""},
		airtest.HTML429: {429, "<html>", "3"}, airtest.Rate429: {429, `"ErrorCode":"TooManyRequests"`, "3"},
	} {
		c := always(kind)
		c.RetryAfter = airtest.Duration(2500 * time.Millisecond)
		srv := airtest.NewServer(c)
		req, _ := http.NewRequest("POST", "https://air.example/jobs", strings.NewReader(body(1)))
		resp, err := srv.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != want.status || !strings.Contains(string(text), want.body) || want.body == "" && len(text) > 0 || resp.Header.Get("Retry-After") != want.retry {
			t.Errorf("%s: got %d %s, Retry-After %q", kind, resp.StatusCode, text, resp.Header.Get("Retry-After"))
		}
		if srv.Accepted() != 0 {
			t.Errorf("%s: it accepted a job", kind)
		}
	}
}

func TestEmpty400Keys(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{})
	url := srv.Start(t)
	var got airtest.Settings
	ask(t, "POST", url+"/debug/settings", `{"faults":{"empty_400_keys":["key-2"]},"page_cap":25}`, &got)
	if len(got.Faults.Empty400Keys) != 1 || got.PageCap != 25 {
		t.Fatalf("got %+v", got)
	}
	for i, want := range []int{200, 200, 400, 200} {
		if got := post(t, url+"/jobs", body(i)); got != want {
			t.Errorf("key-%d: got %d, want %d", i, got, want)
		}
	}
}
