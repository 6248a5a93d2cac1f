package api

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"

	"airlift/queue"
)

// sessions are the clients that may read sources into the queue. A session lasts as long as the connection of its call; what
// the client has begun ends with it.
type sessions struct {
	ended chan struct{} // closed by close

	mu     sync.Mutex
	closed bool
	open   map[string]*session // guarded by mu
}

// session is one client.
type session struct {
	readings map[string]func(complete bool) error // by batch
	read     map[string]bool                      // the batches into which a reading is complete
	adding   sync.WaitGroup                       // the calls that add rows; they begin under mu
	held     map[string]func()                    // by batch: what resumes the work on it
}

type sessionLine struct {
	Session string `json:"session"`
}

func (s *Server) session(w http.ResponseWriter, r *http.Request) error {
	id, ok := s.sessions.add()
	if !ok {
		return queue.ErrClosed
	}
	defer s.sessions.remove(id)
	w.Header().Set("Content-Type", "application/x-ndjson")
	if err := json.NewEncoder(w).Encode(sessionLine{id}); err != nil {
		return nil // the client has gone
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		return nil
	}
	select {
	case <-r.Context().Done():
	case <-s.sessions.ended:
	}
	return nil
}

// add opens a session, unless the server is closed.
func (a *sessions) add() (id string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return "", false
	}
	if a.open == nil {
		a.open = map[string]*session{}
	}
	id = rand.Text()
	a.open[id] = &session{readings: map[string]func(bool) error{}, read: map[string]bool{}, held: map[string]func(){}}
	return id, true
}

// remove ends a session: its readings are incomplete.
func (a *sessions) remove(id string) {
	a.mu.Lock()
	one := a.open[id]
	delete(a.open, id)
	a.mu.Unlock()
	if one == nil {
		return
	}
	one.adding.Wait()
	for _, end := range one.readings {
		_ = end(false) // a failed commit ends the holder itself
	}
	for _, resume := range one.held {
		resume()
	}
}

// close ends all sessions.
func (a *sessions) close() {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return
	}
	a.closed = true
	close(a.ended)
	var ids []string
	for id := range a.open {
		ids = append(ids, id)
	}
	a.mu.Unlock()
	for _, id := range ids {
		a.remove(id)
	}
}

// begin records a reading of a session. If the session has ended meanwhile, the reading is ended at once.
func (a *sessions) begin(id, batch string, end func(complete bool) error) error {
	a.mu.Lock()
	one := a.open[id]
	if one != nil {
		one.readings[batch] = end
	}
	a.mu.Unlock()
	if one == nil {
		_ = end(false)
		return usage("the call belongs to no open session")
	}
	return nil
}

// enter records that rows are added to a reading of the session, which does not end before leave is called.
func (a *sessions) enter(id, batch string) (leave func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.open[id]
	if one == nil || one.readings[batch] == nil {
		return nil, usage("this session reads nothing into batch " + batch)
	}
	one.adding.Add(1)
	return one.adding.Done, nil
}

// hasRead reports whether the session has read sources into the batch to their end.
func (a *sessions) hasRead(id, batch string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.open[id]
	return one != nil && one.read[batch]
}

// end ends a reading of a session.
func (a *sessions) end(id, batch string, complete bool) error {
	a.mu.Lock()
	var end func(bool) error
	one := a.open[id]
	if one != nil {
		end = one.readings[batch]
		delete(one.readings, batch)
	}
	a.mu.Unlock()
	if end == nil {
		return usage("this session reads nothing into batch " + batch)
	}
	one.adding.Wait()
	err := end(complete)
	a.mu.Lock()
	one.read[batch] = complete && err == nil
	a.mu.Unlock()
	return err
}

// hold records that the session stops the work on a batch; resume is called at the end of that.
func (a *sessions) hold(id, batch string, resume func()) error {
	a.mu.Lock()
	one := a.open[id]
	again := one != nil && one.held[batch] != nil
	if one != nil && !again {
		one.held[batch] = resume
	}
	a.mu.Unlock()
	if one == nil || again {
		resume()
	}
	if one == nil {
		return usage("the call belongs to no open session")
	}
	return nil
}

// unhold lets a batch be worked that the session kept from it.
func (a *sessions) unhold(id, batch string) {
	a.mu.Lock()
	resume := func() {}
	if one := a.open[id]; one != nil && one.held[batch] != nil {
		resume = one.held[batch]
		delete(one.held, batch)
	}
	a.mu.Unlock()
	resume()
}
