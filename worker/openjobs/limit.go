package openjobs

import (
	"fmt"
	"sync"
	"time"
)

// Limit keeps the open jobs of a [Counter] below a number.
type Limit struct {
	*Counter
	// Most returns that number; 0: there is no limit.
	Most func() int64

	mu sync.Mutex
	// The fields below are guarded by mu.
	refused time.Time // when the limit last left no room
	waiting bool      // there was none the last time
}

// Room returns how many of n further jobs may be sent while so many are on their way, each of which may become a job.
func (l *Limit) Room(n, onTheirWay int) int {
	most := l.Most()
	if most <= 0 || n <= 0 {
		return n
	}
	open, known := l.Open()
	left := most - int64(open+onTheirWay)
	if known && left > 0 {
		l.note(false)
		return int(min(int64(n), left))
	}
	l.note(true)
	l.Want()
	return 0
}

func (l *Limit) note(refused bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting = refused; refused {
		l.refused = time.Now()
	}
}

// shownFor is how long a limit counts as reached after it left no room.
const shownFor = 10 * time.Second

// State is how many jobs are open. The zero State is that without a limit: they are not counted.
type State struct {
	// Open is how many jobs are open, of the Most that may be.
	Open int64 `json:"jobs"`
	Most int64 `json:"most"`
	// Reached says that the limit has just left no room, and Unknown that the jobs of earlier runs are still being counted.
	Reached bool `json:"reached"`
	Unknown bool `json:"unknown,omitempty"`
	// Trouble says why AiR cannot be asked which jobs have ended; empty: it can.
	Trouble string `json:"trouble,omitempty"`
}

// String says it in a few words.
func (s State) String() string {
	text := fmt.Sprintf("open jobs (%d of %d at AiR)", s.Open, s.Most)
	switch {
	case s.Trouble != "":
		text += "; which of them have ended is not known: " + s.Trouble
	case s.Unknown:
		text = "open jobs: those of earlier runs are counted first (--max-open)"
	}
	return text
}

// State returns how many jobs are open.
func (l *Limit) State() State {
	most := l.Most()
	if most <= 0 || l.Counter == nil {
		return State{}
	}
	open, known := l.Open()
	l.mu.Lock()
	defer l.mu.Unlock()
	return State{
		Open: int64(open), Most: most, Reached: l.waiting || !l.refused.IsZero() && time.Since(l.refused) < shownFor, Unknown: !known,
		Trouble: l.Trouble(),
	}
}
