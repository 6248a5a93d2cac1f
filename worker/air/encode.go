package air

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// encode returns the job as JSON. Text that is not valid UTF-8 is an error: encoding/json
// would replace it by U+FFFD, and so name another object.
func (j *NewJob) encode(s *services) ([]byte, error) {
	compact, err := s.compact(j.Services)
	if err != nil {
		return nil, fmt.Errorf("%w: Services: %w", ErrInvalidJob, err)
	}
	w := jobWriter{b: make([]byte, 0, 512)}
	w.text(`{"Name":`, "Name", j.Name)
	if j.Priority != 0 {
		w.b = strconv.AppendInt(append(w.b, `,"Priority":`...), int64(j.Priority), 10)
	}
	w.b = append(append(w.b, `,"Services":`...), compact...)
	w.optional(`,"Batch":`, "Batch", j.Batch)
	w.text(`,"Destination":{"Bucket":`, "Destination.Bucket", j.Destination.Bucket)
	w.text(`,"Region":`, "Destination.Region", j.Destination.Region)
	w.b = append(w.b, `},"Source":{`...)
	w.optional(`"Endpoint":`, "Source.Endpoint", j.Source.Endpoint)
	if j.Source.Endpoint != "" {
		w.b = append(w.b, ',')
	}
	w.text(`"Bucket":`, "Source.Bucket", j.Source.Bucket)
	w.optional(`,"Region":`, "Source.Region", j.Source.Region)
	w.text(`,"ObjectKey":`, "Source.ObjectKey", j.Source.ObjectKey)
	w.optional(`,"Provider":`, "Source.Provider", j.Source.Provider)
	return append(w.b, "}}\n"...), w.err
}

// jobWriter appends the texts of a job.
type jobWriter struct {
	b   []byte
	err error
}

// text appends a text behind what introduces it.
func (w *jobWriter) text(before, name, text string) {
	if !utf8.ValidString(text) && w.err == nil {
		w.err = fmt.Errorf("%w: %s is not valid UTF-8", ErrInvalidJob, name)
	}
	w.b, _ = jsontext.AppendQuote(append(w.b, before...), text)
}

// optional is text, but leaves out what is empty.
func (w *jobWriter) optional(before, name, text string) {
	if text != "" {
		w.text(before, name, text)
	}
}

// services validates Services and removes their white space. It caches the last ones, as those of a batch are mostly the
// same.
type services struct{ last atomic.Pointer[compacted] }

type compacted struct{ raw, compact []byte }

func (s *services) compact(raw []byte) ([]byte, error) {
	if raw == nil {
		return []byte("null"), nil
	}
	if last := s.last.Load(); last != nil && bytes.Equal(last.raw, raw) {
		return last.compact, nil
	}
	if !utf8.Valid(raw) {
		return nil, fmt.Errorf("not valid UTF-8")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, err
	}
	s.last.Store(&compacted{bytes.Clone(raw), b.Bytes()})
	return b.Bytes(), nil
}
