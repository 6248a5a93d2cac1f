package air_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"airlift/worker/air"
)

// What AiR's pages show goes the quick way, or it is there for nothing.
func TestUsualAnswersAreReadInOneGo(t *testing.T) {
	for _, body := range []string{seedAnswer, `{"Job":{"Id":"7"}}`, ` { "Job" : { "Id" : "7" , "x" : [ -1, 0, null, true, {} ] } } `} {
		if id, usual, err := air.AcceptedID([]byte(body)); !usual || id == "" || err != nil {
			t.Errorf("%s: got %q, usual: %v, %v", body, id, usual, err)
		}
	}
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 13 Nov 2024 07:11:51 GMT\r\nConnection: keep-alive\r\ncontent-length: 18\r\n\r\n"
	if size, status, length, date, usual := air.ParseHead([]byte(head + "{}")); !usual || size != len(head) || status != 200 || length != 18 || date == "" {
		t.Errorf("got %d, %d, %d, %q, usual: %v", size, status, length, date, usual)
	}
}

// A header that is read the quick way means what net/http takes it to mean.
func FuzzHead(f *testing.F) {
	for _, fields := range []string{
		"Content-Length: 18", "content-length:5 ", "Content-Length: 018", "Content-Length: +1", "Content-Length: -1", "Content-Length: 1, 1",
		"Content-Length: 1\r\nContent-Length: 2", "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked\r\nContent-Length: 1",
		"Content-Length: 1\r\nConnection: close", "Content-Length: 1\r\nConnection: keep-alive\r\nDate: x\r\nX_1: y", "Content-Length: 1\r\nX: a\r\n b: c",
		"Content-Length : 1", " Content-Length: 1", "Content-Length: 1\r\nX(: 1", "Content-Length: 1\r\nX", "Content-Length: 1\nX: y", "", "Content-Length: 1\r\n: x",
	} {
		for _, line := range []string{"HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 400 x", "HTTP/1.0 200 OK", "HTTP/1.1 100 Continue", "HTTP/1.1 204 x", "HTTP/1.1 304 x", "HTTP/1.1 2x0 OK", "HTTP/1.1 2000 OK"} {
			f.Add([]byte(line + "\r\n" + fields + "\r\n\r\nbody"))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		size, status, length, date, usual := air.ParseHead(text)
		if !usual {
			return
		}
		in := bufio.NewReader(bytes.NewReader(text))
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%q: net/http says %v", text, err)
		}
		rest, _ := io.ReadAll(resp.Body)
		behind := text[size:]
		if resp.StatusCode != status || resp.ContentLength != length || resp.Header.Get("Date") != date || resp.Close ||
			len(resp.TransferEncoding) > 0 || !bytes.Equal(rest, behind[:min(len(behind), int(length))]) {
			t.Errorf("%q: got %d, %d, %q; net/http says %+v", text, status, length, date, resp)
		}
	})
}

// The body of a POST says what encoding/json would make it say, and is not sent where that would say something else.
func FuzzEncode(f *testing.F) {
	f.Add("clip", "b", "in", "a+b %41/ü\u2028\x01\"\\\r\n&<>\x7f", "r", `{"ocr":""}`, 5)
	f.Add("", "", "", "", "", ` { "logo" : { "config" : { "x" : 0.85 } } } `, 0)
	f.Add("a", "b", "c", "\xff", "e", `{"a":1,"a":2}`, -1)
	f.Add("a", "b", "c", "d", "e", `{`, 1)
	f.Fuzz(func(t *testing.T, name, batch, bucket, key, region, services string, priority int) {
		job := air.NewJob{
			Name: name, Priority: priority, Services: json.RawMessage(services), Batch: batch, Destination: air.Destination{Bucket: bucket, Region: region},
			Source: air.Source{Endpoint: region, Bucket: bucket, Region: region, ObjectKey: key, Provider: batch},
		}
		got, err := air.Encode(job)
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		refused := enc.Encode(job)
		if bad := refused != nil || !utf8.ValidString(name+"|"+batch+"|"+bucket+"|"+key+"|"+region+"|"+services); (err != nil) != bad || bad && !errors.Is(err, air.ErrInvalidJob) {
			t.Fatalf("%+v: got %v, want an error: %v", job, err, bad)
		}
		if err != nil {
			return
		}
		// The two differ in how they escape, in nothing else.
		var ours, theirs any
		if err := errors.Join(json.Unmarshal(got, &ours), json.Unmarshal(b.Bytes(), &theirs)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(theirs, ours); d != "" {
			t.Errorf("(-encoding/json +ours):\n%s\n%s\n%s", d, b.Bytes(), got)
		}
	})
}
