package airtest

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// debug answers the pages below /debug/. They take no keys.
func (s *Server) debug(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /debug/jobs":
		s.debugJobs(w, r.URL.Query().Get("summary") != "")
	case "POST /debug/clock":
		s.debugSetClock(w, r)
	case "GET /debug/clock":
		s.debugClock(w)
	case "POST /debug/settings":
		s.debugSet(w, r)
	case "GET /debug/settings":
		writeJSON(w, http.StatusOK, s.Settings())
	default:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "no such debug page: see package airtest"})
	}
}

func (s *Server) debugClock(w http.ResponseWriter) {
	now := s.Now()
	writeJSON(w, http.StatusOK, map[string]time.Time{"now": now, "next_midnight": nextMidnight(now)})
}

func (s *Server) debugSetClock(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Advance    Duration `json:"advance"`
		MidnightIn Duration `json:"midnight_in"`
	}
	if !readJSON(w, r, &order) {
		return
	}
	if order.Advance < 0 || order.MidnightIn < 0 || time.Duration(order.MidnightIn) > day {
		refuse(w, "advance must be positive, and midnight_in at most 24h")
		return
	}
	s.Advance(time.Duration(order.Advance))
	if order.MidnightIn > 0 {
		s.SetMidnightIn(time.Duration(order.MidnightIn))
	}
	s.debugClock(w)
}

func (s *Server) debugSet(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		refuse(w, err.Error())
		return
	}
	var wrong error
	err = s.Change(func(now *Settings) {
		// Decoding writes into maps and slices that others may be reading.
		next := *now
		next.Faults.Post, next.Faults.List, next.Faults.RejectKeys, next.Faults.Empty400Keys = nil, nil, nil, nil
		next.Accounts = maps.Clone(now.Accounts)
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.DisallowUnknownFields()
		if wrong = d.Decode(&next); wrong != nil {
			return
		}
		if next.Faults.Post == nil {
			next.Faults.Post = now.Faults.Post
		}
		if next.Faults.List == nil {
			next.Faults.List = now.Faults.List
		}
		if next.Faults.RejectKeys == nil {
			next.Faults.RejectKeys = slices.Clone(now.Faults.RejectKeys)
		}
		if next.Faults.Empty400Keys == nil {
			next.Faults.Empty400Keys = slices.Clone(now.Faults.Empty400Keys)
		}
		*now = next
	})
	if wrong != nil {
		err = wrong
	}
	if err != nil {
		refuse(w, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, s.Settings())
}

// debugJobs writes what the oracle knows. The jobs go out one by one: there may be
// millions.
func (s *Server) debugJobs(w http.ResponseWriter, summary bool) {
	type duplicate struct {
		Object
		IDs []string `json:"ids"`
	}
	duplicates := []duplicate{}
	for o, ids := range s.Duplicates() {
		duplicates = append(duplicates, duplicate{o, ids})
	}
	s.mu.Lock()
	v := s.view()
	head := map[string]any{
		"posts": s.posts, "lists": s.lists, "accepted": len(v.jobs), "objects": len(v.jobs) - s.store.repeats,
		"statuses": s.statuses, "faults": s.injected, "duplicates": duplicates,
	}
	if summary {
		head["duplicates"] = len(duplicates)
	}
	text, err := json.Marshal(head)
	s.mu.Unlock()
	if err != nil {
		refuse(w, err.Error())
		return
	}
	w.Header().Set("Content-Type", typeJSON)
	if summary {
		_, _ = w.Write(text)
		return
	}
	out := bufio.NewWriter(w)
	_, _ = out.Write(text[:len(text)-1])
	_, _ = out.WriteString(`,"jobs":[`)
	var b []byte
	for n := range v.jobs {
		b = v.appendBrief(b[:0], uint32(n))
		_, _ = out.Write(b)
	}
	_, _ = out.WriteString("]}")
	_ = out.Flush() // ignore a client that went away
}

func (v *view) appendBrief(b []byte, n uint32) []byte {
	r := &v.jobs[n]
	p := &v.profiles[r.profile]
	if n > 0 {
		b = append(b, ',')
	}
	b = appendField(b, `{"id":`, v.id(n))
	b = appendField(b, `,"batch":`, p.batch)
	b = appendField(b, `,"name":`, r.name())
	b = appendField(b, `,"bucket":`, p.bucket)
	b = appendField(b, `,"key":`, r.key())
	b = appendField(b, `,"created":`, time.Unix(0, r.created).UTC().Format(dateFormat))
	return append(b, '}')
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		refuse(w, err.Error())
		return false
	}
	return true
}

func refuse(w http.ResponseWriter, message string) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"not to be written as JSON"}`)
	}
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	_, _ = w.Write(text)
}
