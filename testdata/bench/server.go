package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

func init() { tasks["server"] = serve }

// server is a server in a process of its own.
type server struct {
	url  string
	stop func()
}

func (b *bench) startServer(ctx context.Context, task string, a args) (*server, error) {
	cmd, clean, err := b.command(ctx, task, &a)
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{stop: func() { in.Close(); _ = cmd.Wait(); clean() }}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s.url = strings.TrimSpace(url)
	return s, nil
}

// serve answers as AiR does, and remembers nothing: each POST gets its job back under a new id, each list is empty. The
// latency is how long it takes beside.
func serve(a args, _ *meter) error {
	latency, err := time.ParseDuration(a.More["latency"])
	if err != nil {
		return err
	}
	var jobs atomic.Int64
	return serveUntilEOF(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodPost {
			io.WriteString(w, `{"Records":[],"PageNumber":1,"PageSize":100,"TotalRecords":0}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) < 2 {
			http.Error(w, `{"ErrorCode":"BadRequest","Error":"no body"}`, http.StatusBadRequest)
			return
		}
		answer := make([]byte, 0, len(body)+160)
		answer = fmt.Appendf(answer, `{"Job":{"Id":"%032x","UserId":"user","Created":"2026-01-01T00:00:00.000Z","Completed":"","Status":"submitted",`, jobs.Add(1))
		answer = append(append(answer, body[1:]...), '}')
		w.Write(answer)
	}))
}

// serveUntilEOF serves on loopback, prints its URL, and ends with its standard input.
func serveUntilEOF(handler http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(l, handler)
	fmt.Printf("http://%s\n", l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
