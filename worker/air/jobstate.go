package air

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
)

// JobState is how far one job has come.
type JobState struct {
	ID, Status string
	// Code is the ErrorCode of the job's errors; empty: AiR gives none, or was not asked for it.
	Code string
	// Date is the answer's Date header (RFC 9110), zero if absent or invalid.
	Date time.Time
}

// JobStatus asks GET /jobs/{Id}/status. Errors of the API and the network are *Error; its Status is 404 for a job that AiR
// does not have.
func (c *Client) JobStatus(ctx context.Context, id string) (JobState, error) {
	return c.jobState(ctx, id, "status")
}

// JobErrors asks GET /jobs/{Id}/errors, which tells the code of a job that failed.
func (c *Client) JobErrors(ctx context.Context, id string) (JobState, error) {
	return c.jobState(ctx, id, "errors")
}

func (c *Client) jobState(ctx context.Context, id, part string) (JobState, error) {
	if !usableID(id) || id == "." || id == ".." {
		return JobState{}, fmt.Errorf("the %s of job %q: %w", part, id, errOddID)
	}
	a, err := c.get(ctx, request{method: http.MethodGet, path: url.PathEscape(id) + "/" + part, limit: maxPage})
	if err != nil {
		return JobState{}, err
	}
	var got struct {
		ID        idJSON `json:"Id"`
		Status    textJSON
		ErrorCode anyJSON
	}
	if err := jsonv2.Unmarshal(a.body, &got, strict); err != nil {
		return JobState{}, c.unreadable(a, fmt.Errorf("%w: %w", errNotJSON, err))
	}
	if string(got.ID) != id {
		return JobState{}, c.unreadable(a, errors.New("it is the answer for another job"))
	}
	return JobState{ID: id, Status: string(got.Status), Code: c.redact.text(string(got.ErrorCode)), Date: a.date}, nil
}
