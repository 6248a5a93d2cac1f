package main

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// oneAtATime puts a server before the rig's AiR that handles one connection after the other, each to its end, as a simple
// server without threads does.
func (r *rig) oneAtATime() {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { l.Close() })
	to := strings.TrimPrefix(r.url, "http://")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			relay(c, to)
		}
	}()
	r.setenv("AIRLIFT_AIR_URL", "http://"+l.Addr().String())
}

// relay passes the requests of a connection on, one after the other, until its client closes it or an answer fails.
func relay(client net.Conn, to string) {
	defer client.Close()
	in := bufio.NewReader(client)
	for {
		q, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		q.URL.Scheme, q.URL.Host, q.RequestURI = "http", to, ""
		resp, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			return
		}
		err = resp.Write(client)
		resp.Body.Close()
		if err != nil || q.Close {
			return
		}
	}
}

// Lookups need a connection of their own; a server that keeps one connection at a time answers them all the same, and no
// request waits for its timeout.
func TestServerOfOneConnectionAtATime(t *testing.T) {
	t.Parallel()
	for _, kind := range []airtest.Kind{airtest.ResetAfter, airtest.Err500Before} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			var posts tally
			r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
				if isPost(q) && posts.add()%4 == 0 && posts.count() <= 12 {
					return airtest.Fault{Kind: kind}
				}
				return airtest.Fault{}
			}})
			r.oneAtATime()
			got := r.run("run", r.manifest("m.csv", 12), "--batch", "b", "--workers", "1", "--timeout", "20s").want(t, exit.OK)
			got.lacks(t, "no complete answer within", "cannot look up")
			r.settled(12)
		})
	}
}
