package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"airlift/worker/air/airtest"
)

// events are what happened in a round, with the time since its start: from these a failure is understood.
type events struct {
	began time.Time
	mu    sync.Mutex
	text  strings.Builder // guarded by mu
}

func (e *events) add(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintf(&e.text, "%9.3fs ", time.Since(e.began).Seconds())
	fmt.Fprintf(&e.text, format, args...)
	e.text.WriteByte('\n')
}

func (e *events) request(q airtest.Request) {
	if q.Method == http.MethodPost {
		e.add("POST %d %q", q.N, q.Job.Source.ObjectKey)
		return
	}
	e.add("GET %d %s name=%s page=%s", q.N, q.Path, q.Query.Get("name"), q.Query.Get("pageNumber"))
}

func (e *events) write(path string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return os.WriteFile(path, []byte(e.text.String()), 0o600)
}
