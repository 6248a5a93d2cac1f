package api

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// eventsEvery is how often a stream of events shows the overview.
const eventsEvery = time.Second

// overviewAge is how old an overview that was made for another call may be, so that many who look cost little more than one.
const overviewAge = eventsEvery / 4

// latest is the newest overview in JSON, which all that look share.
type latest struct {
	mu   sync.Mutex
	at   time.Time // guarded by mu
	json []byte    // guarded by mu
}

// forget makes the next call see what a call has changed.
func (l *latest) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.json = nil
}

// latestOverview returns an overview in JSON that is not older than age.
func (s *Server) latestOverview(ctx context.Context, age time.Duration) ([]byte, error) {
	s.latest.mu.Lock()
	defer s.latest.mu.Unlock()
	if s.latest.json != nil && time.Since(s.latest.at) < age {
		return s.latest.json, nil
	}
	o, err := s.Service.Overview(ctx)
	if err != nil {
		return nil, err
	}
	s.latest.json, err = json.Marshal(o)
	s.latest.at = time.Now()
	return s.latest.json, err
}

// events streams overviews as server-sent events, until the client or the server ends.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	t := time.NewTicker(eventsEvery)
	defer t.Stop()
	control := http.NewResponseController(w)
	for begun := false; ; begun = true {
		o, err := s.latestOverview(r.Context(), eventsEvery/2)
		switch {
		case err != nil && !begun:
			return err
		case err != nil:
			return nil // the next connection gets the error
		case !begun:
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Cache-Control", "no-store")
		}
		message := append(append([]byte("event: overview\ndata: "), o...), "\n\n"...) // JSON of one line
		if _, err := w.Write(message); err != nil {
			return nil // the client has gone
		}
		if err := control.Flush(); err != nil {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-s.sessions.ended:
			return nil
		case <-t.C:
		}
	}
}
