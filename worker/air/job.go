package air

import (
	"encoding/json"
	"time"
)

// Source is where the object lies. Endpoint, Region and Provider are left out of a
// request when empty; Provider only ever comes from AiR.
type Source struct {
	Endpoint  string `json:"Endpoint,omitempty"`
	Bucket    string `json:"Bucket"`
	Region    string `json:"Region,omitempty"`
	ObjectKey string `json:"ObjectKey"`
	Provider  string `json:"Provider,omitempty"`
}

// Destination is the bucket that AiR writes its result into.
type Destination struct {
	Bucket string `json:"Bucket"`
	Region string `json:"Region"`
}

// NewJob is the body of POST /jobs (page "Submit a new job"). The client passes it
// on as it is; AiR judges it.
type NewJob struct {
	Name        string          `json:"Name"`               // 1-256 characters, not blank
	Priority    int             `json:"Priority,omitempty"` // 1-10; 0: not sent
	Services    json.RawMessage `json:"Services"`           // an object of at least one service
	Batch       string          `json:"Batch,omitempty"`    // at most 256 characters; empty: not sent
	Destination Destination     `json:"Destination"`
	Source      Source          `json:"Source"`
}

// The values of Job.Status that the API names.
const (
	StatusSubmitted  = "submitted"
	StatusPreflight  = "preflight"
	StatusInProgress = "in_progress"
	StatusCompleted  = "completed"
	StatusFailed     = "failed"
	StatusCancelled  = "cancelled"
)

// Job is a job as AiR shows it. Only ID is sure to be set. A field that came in an
// unexpected type is left zero, so that a strange date or number never makes a
// job unreadable.
type Job struct {
	ID          string          `json:"Id"`
	Name        string          `json:"Name"`
	Source      Source          `json:"Source"`
	Services    json.RawMessage `json:"Services,omitempty"` // nil in lists
	UserID      string          `json:"UserId"`
	Created     string          `json:"Created"`   // as it came; see CreatedAt
	Completed   string          `json:"Completed"` // as it came; empty until then
	Priority    int             `json:"Priority"`
	Batch       string          `json:"Batch"`
	Status      string          `json:"Status"`
	Destination Destination     `json:"Destination"`
}

// CreatedAt returns Created as a time, or false if it is no RFC 3339 date.
func (j Job) CreatedAt() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, j.Created)
	return t, err == nil
}
