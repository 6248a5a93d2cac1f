package airtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"airlift/worker/air"
)

// How long after an answer its repetition follows if nothing else is said.
const (
	strayAfter  = 500 * time.Microsecond
	repeatAfter = 40 * time.Millisecond
)

// lies reports whether the fault is a wrong answer: of another request, or with a wrong id.
func (k Kind) lies() bool {
	switch k {
	case StrayAnswer, LateRepeat, WrongEcho, SameID, OddID:
		return true
	}
	return false
}

// lie changes an answer with status 200 into one that lies. An id can only be wrong in
// the answer to a POST, and only be another's if there is an earlier job.
func (s *Server) lie(c *call, f Fault, r reply) reply {
	switch f.Kind {
	case StrayAnswer, LateRepeat:
		r.again, r.struck = f.Delay, true
		if r.again <= 0 {
			r.again = map[Kind]time.Duration{StrayAnswer: strayAfter, LateRepeat: repeatAfter}[f.Kind]
		}
		return r
	case WrongEcho:
		if c.Method == http.MethodGet {
			return struck(jobsReply(foreignJob(c)))
		}
	}
	if r.job == nil {
		return r
	}
	j := s.jobOf(*r.job)
	switch f.Kind {
	case WrongEcho:
		j.Name, j.Source.Bucket, j.Source.ObjectKey = "another-"+j.Name, "another-"+j.Source.Bucket, "another/"+j.Source.ObjectKey
	case SameID:
		id, ok := s.earlier(*r.job)
		if !ok {
			return r
		}
		j.ID = id
	case OddID:
		j.ID = oddIDs[c.N%len(oddIDs)] + j.ID
	}
	return struck(jobReply(j))
}

// oddIDs stand before the id of OddID, by turns.
var oddIDs = []string{strings.Repeat("0123456789abcdef", 4096), "\x1b[2J\x1b[31m", "ж日-"}

func struck(r reply) reply { r.struck = true; return r }

func jobReply(j air.Job) reply {
	return jsonReply(http.StatusOK, mustMarshal(map[string]air.Job{"Job": j}))
}

func jobsReply(jobs ...air.Job) reply {
	return jsonReply(http.StatusOK, mustMarshal(map[string][]air.Job{"Records": jobs}))
}

func mustMarshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // only valid UTF-8 is stored
		panic(fmt.Sprintf("encode a job: %v", err))
	}
	return text
}

// foreignJob is a job of a list that answers another request.
func foreignJob(c *call) air.Job {
	return air.Job{
		ID: "00000000000000000000000000000000", Name: "another-" + c.Query.Get("name"), Batch: "another-" + c.Query.Get("batch"),
		UserID: userID, Status: air.StatusCompleted, Created: c.At.Format(dateFormat),
		Source:      air.Source{Bucket: "another", ObjectKey: "another", Provider: "wasabi"},
		Destination: air.Destination{Bucket: "another", Region: "us-east-1"},
	}
}

// jobOf returns the n-th job.
func (s *Server) jobOf(n uint32) air.Job {
	s.mu.Lock()
	v := s.view()
	s.mu.Unlock()
	return v.job(n)
}

// earlier returns the id of the job before the n-th in its batch.
func (s *Server) earlier(n uint32) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := ""
	for _, m := range s.store.batches[s.store.object(n).Batch] {
		if m == n {
			break
		}
		last = s.store.id(m)
	}
	return last, last != ""
}
