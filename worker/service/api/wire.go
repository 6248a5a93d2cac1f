package api

import (
	"time"

	"airlift/queue"
)

// itemJSON is a [queue.Item]. Its texts are valid UTF-8, as those of all accepted rows.
type itemJSON struct {
	Seq       uint64          `json:"seq,omitempty"`
	Line      int64           `json:"line,omitempty"`
	Bucket    string          `json:"bucket"`
	Key       string          `json:"key"`
	Version   uint64          `json:"version,omitempty"`
	Content   queue.Content   `json:"content,omitempty"`
	Name      string          `json:"name,omitempty"`
	Own       queue.JobFields `json:"own,omitzero"`
	Extra     []fieldJSON     `json:"extra,omitempty"`
	Unsourced bool            `json:"unsourced,omitempty"`
}

// fieldJSON is a [queue.Field].
type fieldJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// entryJSON is a [queue.Entry].
type entryJSON struct {
	itemJSON
	State      queue.State `json:"state"`
	Attempts   int         `json:"attempts,omitempty"`
	Sent       bool        `json:"sent,omitempty"`
	Withdrawn  bool        `json:"withdrawn,omitempty"`
	JobID      string      `json:"job_id,omitempty"`
	HTTPStatus int         `json:"http_status,omitempty"`
	Code       string      `json:"code,omitempty"`
	Message    string      `json:"message,omitempty"`
	At         time.Time   `json:"at,omitzero"`
	Day        queue.Day   `json:"day,omitempty"`
}

// rejectedJSON is a [queue.Rejected]. Its texts are base64, because a rejected row may not be UTF-8.
type rejectedJSON struct {
	Line   int64       `json:"line"`
	Bucket []byte      `json:"bucket,omitempty"`
	Key    []byte      `json:"key,omitempty"`
	Reason []byte      `json:"reason"`
	Extra  [][2][]byte `json:"extra,omitempty"`
}

// chunkJSON is a [queue.Chunk].
type chunkJSON struct {
	Items    []itemJSON       `json:"items,omitempty"`
	Rejected []rejectedJSON   `json:"rejected,omitempty"`
	Skipped  map[string]int64 `json:"skipped,omitempty"`
	Marks    []markJSON       `json:"marks,omitempty"`
	Changed  bool             `json:"changed,omitempty"`
	Trial    bool             `json:"trial,omitempty"`
}

// markJSON is a [queue.Mark], whose parts are opaque bytes.
type markJSON struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"` // null removes the mark
}

// addedJSON is a [queue.Added].
type addedJSON struct {
	Added      int            `json:"added"`
	Known      int            `json:"known"`
	Duplicates int            `json:"duplicates"`
	Unsure     int            `json:"unsure,omitempty"`
	Restored   int            `json:"restored,omitempty"`
	IsNew      []bool         `json:"is_new,omitempty"`
	Seen       []int64        `json:"seen,omitempty"`
	Conflicts  []rejectedJSON `json:"conflicts,omitempty"`
}

// eventJSON is a [queue.Event].
type eventJSON struct {
	queue.Event
	Duration   *int  `json:"duration,omitempty"` // hides that of Event
	DurationMS int64 `json:"duration_ms,omitempty"`
}

func fromEvents(all []queue.Event) []eventJSON {
	out := make([]eventJSON, len(all))
	for i, e := range all {
		out[i] = eventJSON{Event: e, DurationMS: e.Duration.Milliseconds()}
	}
	return out
}

func events(all []eventJSON) (out []queue.Event) {
	for _, j := range all {
		j.Event.Duration = time.Duration(j.DurationMS) * time.Millisecond
		out = append(out, j.Event)
	}
	return out
}

func fromItem(it *queue.Item) itemJSON {
	out := itemJSON{
		Seq: it.Seq, Line: it.Line, Bucket: it.Bucket, Key: it.Key, Version: it.Version, Content: it.Content, Name: it.Name, Own: it.Own,
		Unsourced: it.Unsourced,
	}
	for _, f := range it.Extra {
		out.Extra = append(out.Extra, fieldJSON(f))
	}
	return out
}

func (j *itemJSON) item() queue.Item {
	it := queue.Item{
		Seq: j.Seq, Line: j.Line, Bucket: j.Bucket, Key: j.Key, Version: j.Version, Content: j.Content, Name: j.Name, Own: j.Own,
		Unsourced: j.Unsourced,
	}
	for _, f := range j.Extra {
		it.Extra = append(it.Extra, queue.Field(f))
	}
	return it
}

func fromEntry(e *queue.Entry) entryJSON {
	return entryJSON{
		fromItem(&e.Item), e.State, e.Attempts, e.Sent, e.Withdrawn, e.JobID, e.HTTPStatus, e.Code, e.Message, e.At, e.Day,
	}
}

func (j *entryJSON) entry() queue.Entry {
	return queue.Entry{Item: j.item(), Record: queue.Record{
		State: j.State, Attempts: j.Attempts, Sent: j.Sent, Withdrawn: j.Withdrawn, JobID: j.JobID, HTTPStatus: j.HTTPStatus, Code: j.Code,
		Message: j.Message, At: j.At, Day: j.Day,
	}}
}

func fromRejected(r queue.Rejected) rejectedJSON {
	out := rejectedJSON{Line: r.Line, Bucket: []byte(r.Bucket), Key: []byte(r.Key), Reason: []byte(r.Reason)}
	for _, f := range r.Extra {
		out.Extra = append(out.Extra, [2][]byte{[]byte(f.Name), []byte(f.Value)})
	}
	return out
}

func (j rejectedJSON) rejected() queue.Rejected {
	r := queue.Rejected{Line: j.Line, Bucket: string(j.Bucket), Key: string(j.Key), Reason: string(j.Reason)}
	for _, f := range j.Extra {
		r.Extra = append(r.Extra, queue.Field{Name: string(f[0]), Value: string(f[1])})
	}
	return r
}

func fromChunk(c *queue.Chunk) chunkJSON {
	out := chunkJSON{Items: fromItems(c.Items), Skipped: c.Skipped, Changed: c.Changed, Trial: c.Trial, Marks: fromMarks(c.Marks)}
	for _, r := range c.Rejected {
		out.Rejected = append(out.Rejected, fromRejected(r))
	}
	return out
}

func (j *chunkJSON) chunk() queue.Chunk {
	c := queue.Chunk{Items: items(j.Items), Skipped: j.Skipped, Changed: j.Changed, Trial: j.Trial, Marks: marks(j.Marks)}
	for _, r := range j.Rejected {
		c.Rejected = append(c.Rejected, r.rejected())
	}
	return c
}

func fromItems(all []queue.Item) []itemJSON {
	out := make([]itemJSON, len(all))
	for i := range all {
		out[i] = fromItem(&all[i])
	}
	return out
}

func items(all []itemJSON) []queue.Item {
	out := make([]queue.Item, len(all))
	for i := range all {
		out[i] = all[i].item()
	}
	return out
}

func fromMarks(all []queue.Mark) []markJSON {
	var out []markJSON
	for _, m := range all {
		out = append(out, markJSON{[]byte(m.Key), m.Value})
	}
	return out
}

func marks(all []markJSON) []queue.Mark {
	var out []queue.Mark
	for _, m := range all {
		out = append(out, queue.Mark{Key: string(m.Key), Value: m.Value})
	}
	return out
}

func fromAdded(a queue.Added) addedJSON {
	out := addedJSON{
		Added: a.Added, Known: a.Known, Duplicates: a.Duplicates, Unsure: a.Unsure, Restored: a.Restored, IsNew: a.IsNew, Seen: a.Seen,
	}
	for _, r := range a.Conflicts {
		out.Conflicts = append(out.Conflicts, fromRejected(r))
	}
	return out
}

func (j *addedJSON) added() queue.Added {
	a := queue.Added{
		Added: j.Added, Known: j.Known, Duplicates: j.Duplicates, Unsure: j.Unsure, Restored: j.Restored, IsNew: j.IsNew, Seen: j.Seen,
	}
	for _, r := range j.Conflicts {
		a.Conflicts = append(a.Conflicts, r.rejected())
	}
	return a
}
