package eventlog

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Event is a line of the log.
type Event struct {
	// Seq grows with each line of the log and, as it follows the clock, from one process to the next. That of several lines in a row
	// is the latest's.
	Seq   int64     `json:"seq"`
	Time  time.Time `json:"time"`
	Level string    `json:"level"`
	// Text is the message with its fields.
	Text  string `json:"text"`
	Batch string `json:"batch,omitempty"`
	// Count is how many lines in a row had this message; the text and the time are those of the latest.
	Count   int `json:"count"`
	message string
}

// Most is how many events are kept.
const Most = 50

// Log has the latest lines of a log. As the output of a zerolog.Logger it keeps what has at least the level info. The zero
// value is ready to use. It is safe for concurrent use.
type Log struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	latest []Event // oldest first
	seq    int64   // of the latest line
}

// Write keeps a line of any level.
func (e *Log) Write(line []byte) (int, error) { return e.WriteLevel(zerolog.NoLevel, line) }

// WriteLevel implements zerolog.LevelWriter.
func (e *Log) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	if level < zerolog.InfoLevel {
		return len(line), nil
	}
	event, err := eventOf(line)
	if err != nil {
		return 0, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seq = max(e.seq+1, time.Now().UnixMicro())
	event.Seq = e.seq
	if n := len(e.latest); n > 0 && e.latest[n-1].message == event.message && e.latest[n-1].Batch == event.Batch && e.latest[n-1].Level == event.Level {
		event.Count += e.latest[n-1].Count
		e.latest = e.latest[:n-1]
	} else if n == Most {
		e.latest = append(e.latest[:0], e.latest[1:]...)
	}
	e.latest = append(e.latest, event)
	return len(line), nil
}

// Latest returns the events, oldest first. A nil Log has none.
func (e *Log) Latest() []Event {
	if e == nil {
		return []Event{}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Event{}, e.latest...)
}

// eventOf reads a line of zerolog.
func eventOf(line []byte) (Event, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return Event{}, err
	}
	take := func(name string) string {
		text := string(fields[name])
		_ = json.Unmarshal(fields[name], &text) // no string is shown as it is
		delete(fields, name)
		return text
	}
	e := Event{Level: take(zerolog.LevelFieldName), Batch: take("batch"), Count: 1, message: take(zerolog.MessageFieldName)}
	e.Time, _ = time.Parse(zerolog.TimeFieldFormat, take(zerolog.TimestampFieldName)) // zero: it has none
	text := []string{e.message}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text = append(text, name+"="+take(name))
	}
	e.Text = strings.Join(text, " ")
	return e, nil
}
