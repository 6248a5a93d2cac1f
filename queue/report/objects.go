package report

import (
	"bytes"
	"encoding/json"

	"airlift/queue"
)

// object is an item as a line of JSON that `airlift items --json` prints.
type object struct {
	Line       int64       `json:"line"`
	Bucket     string      `json:"bucket"`
	Key        string      `json:"key"`
	State      queue.State `json:"state"`
	JobID      string      `json:"job_id"`
	Name       string      `json:"name"`
	Attempts   int         `json:"attempts"`
	HTTPStatus int         `json:"http_status"`
	ErrorCode  string      `json:"error_code"`
	Error      string      `json:"error"`
	// Unsourced says that adopt made the item for a job of an object that no source showed.
	Unsourced bool `json:"unsourced,omitempty"`
}

// Objects returns a formatter that appends a JSON object for each entry.
func Objects(names queue.Namer) Formatter {
	return func(b []byte, entries []queue.Entry) ([]byte, error) {
		out := bytes.NewBuffer(b)
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		for i := range entries {
			e := &entries[i]
			err := enc.Encode(object{e.Line, e.Bucket, e.Key, e.State, e.JobID, names.Name(&e.Item),
				e.Attempts, e.HTTPStatus, e.Code, e.Message, e.Unsourced})
			if err != nil {
				return nil, err
			}
		}
		return out.Bytes(), nil
	}
}
