package term

import (
	"fmt"
	"io"
	"strings"
	"time"

	"airlift/queue"
	"airlift/worker/service/itemview"
)

// Show writes all that is known of an item, and what happened to it, a line an event.
func Show(w io.Writer, it *itemview.Item) error {
	var b lines
	b.add("object", "s3://%s/%s", it.Bucket, it.Key)
	b.add("batch", "%s", it.Batch)
	if it.Version != 0 {
		b.add("version", "%016x", it.Version)
	}
	if it.Line != 0 {
		b.add("line", "%d", it.Line)
	}
	b.add("state", "%s%s", it.State, remark(it))
	if it.JobID != "" {
		b.add("job", "%s", it.JobID)
	} else if it.Code != "" || it.Message != "" {
		b.add("error", "%s", response(it.HTTPStatus, it.Code, it.Message))
	}
	b.add("name", "%s", it.Name)
	b.settings(it)
	for _, column := range it.Extra {
		b.add("column", "%s: %s", column.Name, column.Value)
	}
	b.history(it.Events)
	return b.writeTo(w)
}

// settings adds what the job is asked to do.
func (b *lines) settings(it *itemview.Item) {
	f := it.Fields
	services := string(f.Services)
	if services == "" {
		services = "{}"
	}
	b.add("services", "%s", services)
	for _, field := range []struct{ label, value string }{
		{"to", join(f.DestinationBucket, f.DestinationRegion)}, {"from", join(f.SourceRegion, f.SourceEndpoint)},
	} {
		if field.value != "" {
			b.add(field.label, "%s", field.value)
		}
	}
	if f.Priority != 0 {
		b.add("priority", "%d", f.Priority)
	}
	if it.State == queue.Submitted {
		b.add("", "these are the settings of the batch as they are now")
	}
}

// history adds a line for each event.
func (b *lines) history(events []queue.Event) {
	for i := range events {
		e := &events[i]
		if e.Omitted > 0 {
			b.add("", "%d events before the next are not kept", e.Omitted)
		}
		label := ""
		if i == 0 {
			label = "history"
		}
		at := "(not known)"
		if !e.At.IsZero() {
			at = e.At.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		b.add(label, "%-24s  %s", at, Event(e))
	}
}

func remark(it *itemview.Item) string {
	switch {
	case it.Withdrawn:
		return ", withdrawn until a later reading has the object"
	case it.Unsourced:
		return ", no source has shown the object"
	}
	return ""
}

// response describes an answer of AiR.
func response(status int, code, message string) string {
	var parts []string
	if status != 0 {
		parts = append(parts, fmt.Sprint("HTTP ", status))
	}
	return join(append(parts, code, message)...)
}

// join joins the texts that are not empty.
func join(texts ...string) string {
	var some []string
	for _, s := range texts {
		if s != "" {
			some = append(some, s)
		}
	}
	return strings.Join(some, " ")
}

// Event describes an event of an item in a line, without its time. The texts are as AiR gave them.
func Event(e *queue.Event) string {
	told := response(e.HTTPStatus, e.Code, e.Message)
	if told != "" {
		told = ": " + told
	}
	by := ""
	if e.By != "" {
		by = " by " + e.By
	}
	switch e.Kind {
	case queue.Attempted:
		what := "sent, not counted as an attempt"
		if e.Attempt != 0 {
			what = fmt.Sprint("attempt ", e.Attempt)
		}
		if e.Duration != 0 {
			what += ", " + e.Duration.String()
		}
		return what + told + follows(e)
	case queue.Interrupted:
		return "the process ended while it was sent" + follows(e)
	case queue.LookedUp:
		if e.State == queue.Submitted {
			return "lookup: AiR has its job" + follows(e)
		} else if told == "" {
			told = ": AiR has no job of it"
		}
		return "lookup" + told + follows(e)
	case queue.Contested:
		return "AiR gave its job id for another item too" + told + follows(e)
	case queue.Found:
		return "adopted: AiR had made its job then" + follows(e)
	}
	return string(e.Kind) + by + follows(e)
}

// follows tells the state after an event, and the job.
func follows(e *queue.Event) string {
	text := " -> " + string(e.State)
	if e.JobID != "" {
		text += ", job " + e.JobID
	}
	return text
}

// shownJSON is an item as `airlift show --json` prints it.
type shownJSON struct {
	Batch      string            `json:"batch"`
	Seq        uint64            `json:"seq"`
	Line       int64             `json:"line"`
	Bucket     string            `json:"bucket"`
	Key        string            `json:"key"`
	Version    string            `json:"version,omitempty"`
	State      queue.State       `json:"state"`
	JobID      string            `json:"job_id"`
	Name       string            `json:"name"`
	Attempts   int               `json:"attempts"`
	HTTPStatus int               `json:"http_status"`
	ErrorCode  string            `json:"error_code"`
	Error      string            `json:"error"`
	At         time.Time         `json:"at,omitzero"`
	Withdrawn  bool              `json:"withdrawn,omitempty"`
	Unsourced  bool              `json:"unsourced,omitempty"`
	Settings   queue.JobFields   `json:"settings"`
	Columns    map[string]string `json:"columns,omitempty"`
	History    []eventJSON       `json:"history"`
}

type eventJSON struct {
	queue.Event
	Duration   *int  `json:"duration,omitempty"` // hides that of Event
	DurationMS int64 `json:"duration_ms,omitempty"`
}

// ShowJSON writes an item as an object of JSON.
func ShowJSON(w io.Writer, it *itemview.Item) error {
	out := shownJSON{Batch: it.Batch, Seq: it.Seq, Line: it.Line, Bucket: it.Bucket, Key: it.Key, State: it.State, JobID: it.JobID, Name: it.Name,
		Attempts: it.Attempts, HTTPStatus: it.HTTPStatus, ErrorCode: it.Code, Error: it.Message, At: it.At, Withdrawn: it.Withdrawn,
		Unsourced: it.Unsourced, Settings: it.Fields, History: []eventJSON{}}
	if it.Version != 0 {
		out.Version = fmt.Sprintf("%016x", it.Version)
	}
	for _, f := range it.Extra {
		if out.Columns == nil {
			out.Columns = map[string]string{}
		}
		out.Columns[f.Name] = f.Value
	}
	for _, e := range it.Events {
		out.History = append(out.History, eventJSON{Event: e, DurationMS: e.Duration.Milliseconds()})
	}
	return JSON(w, out)
}
