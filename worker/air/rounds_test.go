package air_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"airlift/worker/air"
)

// Over 500 rounds on connections that are used again and again, a server that ends each in some ugly way reads every
// POST exactly once: nothing below the client sends one a second time.
func TestEachPostLeavesOnceOver500Rounds(t *testing.T) {
	const rounds, clients = 500, 8
	ends := map[string]func(rawConn) (goOn bool){
		"a job":             func(c rawConn) bool { c.send(jobAnswer); return true },
		"100, then a job":   func(c rawConn) bool { c.send("HTTP/1.1 100 Continue\r\n\r\n" + jobAnswer); return true },
		"103, then a job":   func(c rawConn) bool { c.send("HTTP/1.1 103 Early Hints\r\n\r\n" + jobAnswer); return true },
		"500":               func(c rawConn) bool { c.send("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"); return true },
		"a job, then close": func(c rawConn) bool { c.send(jobAnswer); return false },
		"a job and a goodbye": func(c rawConn) bool {
			c.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 18\r\n\r\n" + jobAnswer[len(jobAnswer)-18:])
			return false
		},
		"an unasked answer": func(c rawConn) bool { c.send(jobAnswer + jobAnswer); return false },
		"408 when idle": func(c rawConn) bool {
			c.send(jobAnswer + "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
			return false
		},
		"close":           func(rawConn) bool { return false },
		"reset":           func(c rawConn) bool { c.reset(); return false },
		"half a status":   func(c rawConn) bool { c.send("HTTP/1.1 2"); return false },
		"half a body":     func(c rawConn) bool { c.send(jobAnswer[:len(jobAnswer)-3]); return false },
		"100, then close": func(c rawConn) bool { c.send("HTTP/1.1 100 Continue\r\n\r\n"); return false },
		"an HTTP/2 GOAWAY": func(c rawConn) bool {
			c.send("\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
			return false
		},
	}
	var kinds []string
	for kind := range ends {
		kinds = append(kinds, kind)
	}
	var mu sync.Mutex
	arrivals := map[string]int{} // by job name; guarded by mu
	raw := newRawServer(t, func(c rawConn) {
		for {
			r, body := c.requestBody()
			if r == nil {
				return
			}
			var job struct{ Name string }
			if err := json.Unmarshal(body, &job); err != nil {
				t.Errorf("a body that is no job: %q", body)
			}
			mu.Lock()
			arrivals[job.Name]++
			mu.Unlock()
			if !ends[kinds[rand.IntN(len(kinds))]](c) {
				return
			}
		}
	})
	client := newClient(t, air.Config{BaseURL: raw.url, Connections: clients})
	unsent := map[string]bool{} // guarded by mu
	var all sync.WaitGroup
	for worker := range clients {
		all.Go(func() {
			for i := worker; i < rounds; i += clients {
				job := someJob()
				job.Name = fmt.Sprintf("round %d", i)
				if out := client.Submit(background(), job); !out.Written {
					mu.Lock()
					unsent[job.Name] = true
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	client.Close()
	mu.Lock()
	defer mu.Unlock()
	for i := range rounds {
		name := fmt.Sprintf("round %d", i)
		switch got := arrivals[name]; {
		case got > 1:
			t.Errorf("%s arrived %d times", name, got)
		case got == 1 && unsent[name]:
			t.Errorf("%s arrived, but the client calls it proven that it did not", name)
		}
	}
	if len(arrivals) < rounds/2 {
		t.Errorf("%d of %d POSTs arrived: the test tests little", len(arrivals), rounds)
	}
}
