package air

import (
	"bytes"
	"fmt"

	jsonv2 "github.com/go-json-experiment/json"
)

// acceptedID reads the answer to POST /jobs, which must be one complete JSON object,
// and returns Job.Id, empty if there is none.
func acceptedID(body []byte) (string, error) {
	// An answer by the page is read in one go; any other one tolerantly.
	s := scan{b: body}
	if id, ok := s.answer(); ok {
		return id, nil
	}
	var a struct{ Job Job }
	if err := jsonv2.Unmarshal(body, &a, lax); err != nil {
		return "", fmt.Errorf("%w: %w", errNotJSON, err)
	}
	return a.Job.ID, nil
}

// scan goes over JSON once and keeps nothing of it but an id. It knows the usual only:
// integers, strings without escapes, a moderate depth. At anything else it gives up,
// be that JSON or not, so what it takes is JSON.
type scan struct {
	b []byte
	i int
}

// maxDepth is how deep values may be nested.
const maxDepth = 16

// answer returns Job.Id, and whether it could tell.
func (s *scan) answer() (id string, ok bool) {
	jobs := 0
	ok = s.object(maxDepth, func(name []byte) bool {
		if string(name) != "Job" {
			return s.value(maxDepth - 1)
		}
		jobs++
		return s.object(maxDepth-1, func(name []byte) bool {
			if string(name) != "Id" {
				return s.value(maxDepth - 2)
			}
			text, plain := s.text()
			ok := plain && id == "" && len(text) > 0 // of two, or none, the tolerant way decides
			id = string(text)
			return ok
		})
	})
	s.space()
	return id, ok && jobs == 1 && id != "" && s.i == len(s.b)
}

// object passes over an object, and has its members' values passed over.
func (s *scan) object(depth int, member func(name []byte) bool) bool {
	if depth == 0 || !s.sign('{') {
		return false
	}
	if s.sign('}') {
		return true
	}
	for {
		name, _ := s.text()
		if name == nil || !s.sign(':') || !member(name) {
			return false
		}
		if !s.sign(',') {
			return s.sign('}')
		}
	}
}

// value passes over any value.
func (s *scan) value(depth int) bool {
	s.space()
	if s.i == len(s.b) {
		return false
	}
	switch c := s.b[s.i]; {
	case c == '"':
		text, _ := s.text()
		return text != nil
	case c == '{':
		return s.object(depth, func([]byte) bool { return s.value(depth - 1) })
	case c == '[':
		return s.array(depth)
	case c == '-' || c >= '0' && c <= '9':
		return s.integer()
	}
	for _, word := range []string{"null", "true", "false"} {
		if bytes.HasPrefix(s.b[s.i:], []byte(word)) {
			s.i += len(word)
			return true
		}
	}
	return false
}

func (s *scan) array(depth int) bool {
	if depth == 0 || !s.sign('[') {
		return false
	}
	if s.sign(']') {
		return true
	}
	for s.value(depth - 1) {
		if !s.sign(',') {
			return s.sign(']')
		}
	}
	return false
}

// integer passes over the digits of a number. What follows those of another number is no sign that may follow.
func (s *scan) integer() bool {
	if s.b[s.i] == '-' {
		s.i++
	}
	from := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	n := s.i - from
	return n == 1 || n > 1 && s.b[from] != '0'
}

// text returns what is between quotes, nil if there are no such or an escape or a control character between them, and
// whether it is all ASCII.
func (s *scan) text() (text []byte, plain bool) {
	if !s.sign('"') {
		return nil, false
	}
	plain = true
	for from := s.i; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[from : s.i-1], plain
		case c < ' ' || c == '\\':
			return nil, false
		case c >= 0x7f:
			plain = false
		}
	}
	return nil, false
}

// sign passes over one sign, if it comes next.
func (s *scan) sign(c byte) bool {
	s.space()
	if s.i == len(s.b) || s.b[s.i] != c {
		return false
	}
	s.i++
	return true
}

func (s *scan) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\t' || s.b[s.i] == '\n' || s.b[s.i] == '\r') {
		s.i++
	}
}
