package air

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JobStatus is the answer of GET /jobs/{Id}/status.
type JobStatus struct {
	ID, Status string
	ErrorCount int
}

// JobErrors is the answer of GET /jobs/{Id}/errors.
type JobErrors struct {
	ID, Status string
	ErrorCode  string // empty: none
	ErrorCount int
}

// JobMetadata is the answer of GET /jobs/{Id}/metadata.
type JobMetadata struct {
	ID, UserID  string
	Destination Destination
	// DestinationPath is where the result lies: s3://bucket/jobs/<date>/<id>/...
	DestinationPath string
}

// Job asks GET /jobs/{Id} for one job. Errors of the API and the network are *Error.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var w struct{ Job, Id jsontext.Value }
	a, err := c.about(ctx, id, "", &w)
	if err != nil {
		return Job{}, err
	}
	body := jsontext.Value(a.body)
	// The page shows the job itself; POST wraps it in "Job". Both are taken.
	if w.Job.Kind() == '{' && w.Id == nil {
		body = w.Job
	}
	var job Job
	if err := job.UnmarshalJSON(body); err != nil {
		return Job{}, c.unreadable(jobPath(id, ""), a, err)
	}
	if job.ID == "" {
		return Job{}, c.unreadable(jobPath(id, ""), a, errors.New("a job without an Id"))
	}
	return job, nil
}

// Status asks GET /jobs/{Id}/status. Errors of the API and the network are *Error.
func (c *Client) Status(ctx context.Context, id string) (JobStatus, error) {
	var w struct{ Id, Status, ErrorCount jsontext.Value }
	if _, err := c.about(ctx, id, "/status", &w); err != nil {
		return JobStatus{}, err
	}
	return JobStatus{ID: idText(w.Id), Status: text(w.Status), ErrorCount: number(w.ErrorCount)}, nil
}

// Errors asks GET /jobs/{Id}/errors. Errors of the API and the network are *Error.
func (c *Client) Errors(ctx context.Context, id string) (JobErrors, error) {
	var w struct{ Id, Status, ErrorCode, ErrorCount jsontext.Value }
	if _, err := c.about(ctx, id, "/errors", &w); err != nil {
		return JobErrors{}, err
	}
	return JobErrors{
		ID: idText(w.Id), Status: text(w.Status),
		ErrorCode: c.hide.text(anyText(w.ErrorCode)), ErrorCount: number(w.ErrorCount),
	}, nil
}

// Metadata asks GET /jobs/{Id}/metadata, which is an *Error with Status 404 until
// the job has completed.
func (c *Client) Metadata(ctx context.Context, id string) (JobMetadata, error) {
	var w struct{ Id, UserId, Destination, DestinationPath jsontext.Value }
	if _, err := c.about(ctx, id, "/metadata", &w); err != nil {
		return JobMetadata{}, err
	}
	return JobMetadata{
		ID: idText(w.Id), UserID: anyText(w.UserId),
		Destination: destinationOf(w.Destination), DestinationPath: text(w.DestinationPath),
	}, nil
}

func jobPath(id, part string) string { return "/jobs/" + url.PathEscape(id) + part }

// about asks for one part of what AiR knows of a job and decodes it into v, a
// struct of JSON values with an Id or a Job.
func (c *Client) about(ctx context.Context, id, part string, v any) (answer, error) {
	if id == "" || id == "." || id == ".." { // a path of its own, not an id
		return answer{}, errors.New("get job: no job id")
	}
	path := jobPath(id, part)
	a, err := c.get(ctx, request{path: path, limit: maxAnswer})
	if err != nil {
		return answer{}, err
	}
	if err := jsonv2.Unmarshal(a.body, v, lax); err != nil {
		return answer{}, c.unreadable(path, a, fmt.Errorf("%w: %w", errNotJSON, err))
	}
	return a, nil
}
