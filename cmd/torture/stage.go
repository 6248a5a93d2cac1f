package main

import (
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"airlift/worker/air/airtest"
)

// stage is one process and what the sandbox sees of it.
type stage struct {
	end     end
	started chan struct{} // closed once pid is set
	dead    chan struct{} // closed when the process is gone
	pid     int
	queue   string
	stdin   io.Reader // nil: none

	mu sync.Mutex
	// The fields below are guarded by mu.
	requests, accepts int     // as far as the end hangs on them
	ended             endKind // how the rig ended it
	replacing         error   // what kept the rig from replacing the queue

	faults *faults
}

// faults are those that a process met, or in company all processes of the round: any of them may be the one that sends.
type faults struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	given  map[airtest.Kind]int // the faults of POSTs
	misled bool                 // a list showed jobs of another batch
}

func newFaults() *faults { return &faults{given: map[airtest.Kind]int{}} }

func (r *round) newStage(e end) *stage {
	s := &stage{
		end: e, queue: filepath.Join(r.dir, "queue.db"), started: make(chan struct{}), dead: make(chan struct{}),
		ended: byItself, faults: r.faults,
	}
	if len(r.plan.Company) == 0 {
		s.faults = newFaults()
	}
	return s
}

// arrived is called as a request has arrived, and holds it up until the process is dead if this is the moment.
func (s *stage) arrived(method string) {
	at := killList
	if method == http.MethodPost {
		at = killPost
	}
	if s.end.Kind != at {
		return
	}
	s.mu.Lock()
	s.requests++
	now := s.requests == s.end.N
	s.mu.Unlock()
	if now {
		s.kill()
		<-s.dead
	}
}

// accepted is called when a job was accepted, before that is answered. An answer is held back for hold at most: without
// answers the n-th job might never come.
func (s *stage) accepted(hold time.Duration) {
	if s.end.Kind != killAccept && s.end.Kind != replaceQueue {
		return
	}
	s.mu.Lock()
	s.accepts++
	n := s.accepts
	s.mu.Unlock()
	if s.end.Kind == replaceQueue {
		if n == s.end.N {
			s.replaceQueue()
		}
		return
	}
	if n < s.end.N-s.end.Held {
		return
	}
	if n < s.end.N {
		select {
		case <-s.dead:
		case <-time.After(hold):
		}
	}
	s.kill()
	<-s.dead
}

func (s *stage) kill() { s.signal(syscall.SIGKILL) }

// signal sends a signal to the process, which is the leader of a group of its own, and notes it.
func (s *stage) signal(sig syscall.Signal) {
	<-s.started
	select {
	case <-s.dead:
		return // the number may be another process's by now
	default:
	}
	s.mark(s.end.Kind)
	signalGroup(s.pid, sig)
}

func (s *stage) mark(k endKind) { s.mu.Lock(); s.ended = k; s.mu.Unlock() }

// note books the fault of a POST.
func (s *faults) note(f airtest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given[f.Kind]++
}

// mislead books that a list showed jobs of another batch.
func (s *faults) mislead() { s.mu.Lock(); s.misled = true; s.mu.Unlock() }

// wasMisled reports whether a list showed jobs of another batch.
func (s *faults) wasMisled() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.misled }

// gaveNoAPI reports whether a POST was answered as by something that is no AiR API.
func (s *faults) gaveNoAPI() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, n := range s.given {
		if n > 0 && noAPI(k) {
			return true
		}
	}
	return false
}

// lied reports whether a POST got an answer that was not the answer to it: three in a row stop a run.
func (s *faults) lied() bool { return s.gaveAny(lyingAnswers...) }

// gaveAny reports whether a POST met one of the faults.
func (s *faults) gaveAny(kinds ...airtest.Kind) bool { return slices.ContainsFunc(kinds, s.gave) }

func (s *faults) gave(k airtest.Kind) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.given[k] > 0 }
