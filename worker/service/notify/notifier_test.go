package notify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// receiver answers the requests of a webhook without a network.
type receiver func(*http.Request) (status int, err error)

func (r receiver) RoundTrip(q *http.Request) (*http.Response, error) {
	status, err := r(q)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("")), Request: q}, nil
}

// newTest returns a notifier of receivers, and its log.
func newTest(t *testing.T, all ...receiver) (*Notifier, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	c := Config{Secret: []byte("s"), Log: zerolog.New(zerolog.SyncWriter(&log)), Queue: "q.db"}
	for i := range all {
		c.URLs = append(c.URLs, fmt.Sprintf("https://host-%d.example/SECRET?SECRET", i))
	}
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range n.all {
		m.to.(*webhook).client.Transport = all[i]
	}
	return n, &log
}

// hangs answers nothing until the attempt is given up.
func hangs(q *http.Request) (int, error) {
	<-q.Context().Done()
	return 0, q.Context().Err()
}

// A target that fails is tried for five minutes, with growing waits, the same id and a new signature; one that hangs delays no
// other; a final answer is not tried again.
func TestDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var fails, refuses, takes []time.Duration
		ids, stamps := map[string]bool{}, map[string]bool{}
		n, log := newTest(t,
			func(q *http.Request) (int, error) {
				fails = append(fails, time.Since(began))
				ids[q.Header.Get(headerDelivery)], stamps[q.Header.Get(headerSignature)] = true, true
				return 0, errors.New("connection refused")
			},
			func(*http.Request) (int, error) { refuses = append(refuses, time.Since(began)); return 410, nil },
			hangs,
			func(*http.Request) (int, error) { takes = append(takes, time.Since(began)); return 204, nil },
		)
		n.Tell(Event{Event: Paused, Batch: "b"})
		if time.Since(began) > 0 {
			t.Error("Tell waits")
		}
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if last := fails[len(fails)-1]; len(fails) < 8 || len(fails) > 30 || last > retryFor+attemptTimeout || last < retryFor/2 || len(ids) != 1 || len(stamps) < len(fails)/2 {
			t.Errorf("the one that fails: %d attempts, the last after %v, %d ids, %d signatures", len(fails), last, len(ids), len(stamps))
		}
		if len(refuses) != 1 || len(takes) != 1 || takes[0] != 0 {
			t.Errorf("attempts at %v and %v", refuses, takes)
		}
		n.Close(closeBound)
		for _, want := range []string{"connection refused, also after", "it answers 410 Gone", "host-2.example (--notify 3)", `"event":"paused"`, `"batch":"b"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, log)
			}
		}
		if strings.Count(log.String(), "not delivered") != 3 || strings.Contains(log.String(), "SECRET") {
			t.Errorf("the log: %s", log)
		}
	})
}

// The end waits for at most its bound, and names what was not delivered. What is told after it is named too.
func TestTheEndWaitsForABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := 0
		n, log := newTest(t, hangs, func(*http.Request) (int, error) { time.Sleep(3 * time.Second); slow++; return 200, nil })
		n.Tell(Event{Event: Finished, Batch: "one"})
		n.Tell(Event{Event: Finished, Batch: "two"})
		began := time.Now()
		n.Close(closeBound)
		if took := time.Since(began); took != closeBound || slow != 2 {
			t.Errorf("the end took %v, and %d were delivered", took, slow)
		}
		n.Tell(Event{Event: Stopped, Batch: "three"})
		if got := strings.Count(log.String(), errNoTime.Error()); got != 4 || !strings.Contains(log.String(), `"batch":"one"`) || !strings.Contains(log.String(), `"batch":"three"`) {
			t.Errorf("the log: %s", log)
		}
	})
}

// So many events wait for a target; then the oldest of the same kind goes, else the oldest.
func TestTooManyEvents(t *testing.T) {
	m := newMailbox(nil)
	m.add(Event{Event: Finished, ID: "first"})
	m.add(Event{Event: Paused, ID: "pause"})
	for i := range maxWaiting - 2 {
		if _, err := m.add(Event{Event: Finished, ID: fmt.Sprint(i)}); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
	}
	for _, tt := range []struct {
		kind    Kind
		dropped string
	}{{Paused, "pause"}, {Stopped, "first"}, {Finished, "0"}} {
		if dropped, err := m.add(Event{Event: tt.kind}); err == nil || dropped.ID != tt.dropped {
			t.Errorf("%s: dropped %q, want %q", tt.kind, dropped.ID, tt.dropped)
		}
	}
	if len(m.waiting) != maxWaiting {
		t.Errorf("%d wait", len(m.waiting))
	}
}

// Nobody is told by URLs that others could read on their way, and no error shows one.
func TestURLs(t *testing.T) {
	for raw, ok := range map[string]bool{
		"https://example.com/SECRET": true, "http://127.0.0.1:8080/SECRET": true, "http://localhost/SECRET": true, "http://[::1]/SECRET": true,
		"http://example.com/SECRET": false, "http://127.0.0.1.example.com/SECRET": false, "http://localhost.example.com/SECRET": false,
		"ftp://example.com/SECRET": false, "example.com/SECRET": false, "https://exa mple.com/SECRET": false, "": false, "https://user:SECRET@example.com/": true,
		"file:///SECRET": false, "http://0.0.0.0/SECRET": false,
	} {
		n, err := New(Config{URLs: []string{raw}})
		if (err == nil) != ok || err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", raw, err)
		}
		if n != nil && strings.Contains(n.all[0].to.String(), "SECRET") {
			t.Errorf("%s is shown as %s", raw, n.all[0].to)
		}
		n.Close(0)
	}
}
