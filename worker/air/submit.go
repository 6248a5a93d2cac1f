package air

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Outcome is all that is known after a POST /jobs. It decides nothing.
type Outcome struct {
	// JobID is not empty only if a complete 2xx answer carried Job.Id.
	JobID string
	// Status is the HTTP status; 0: no status line came.
	Status int
	// Code and Message are ErrorCode and Error of the answer, if its body was a
	// JSON object, whatever its content type says. At most 1 KiB each, printable,
	// on one line, without the keys.
	Code, Message string
	// Err is trouble in sending, in reading the answer, or in decoding a 2xx; nil
	// for a whole answer of any other status. A cut answer has both Status and Err.
	// ErrInvalidJob: nothing was sent. Never holds a secret.
	Err error
	// Cut is set if an answer began and broke off: its status is known, the rest is not.
	Cut bool
	// Written is false only if it is proven that no request reached the server.
	Written bool
	// Date is the answer's Date header (RFC 9110), zero if absent or invalid.
	Date time.Time
	// Sent is just before the request, Ended when the outcome was known. Both
	// carry a monotonic reading.
	Sent, Ended time.Time
}

// ErrInvalidJob is in Outcome.Err when a job cannot be written as JSON without
// changing it: text that is not UTF-8, or Services that are not JSON.
var ErrInvalidJob = errors.New("job cannot be sent as it is")

// Submit sends one POST /jobs, at most once on the wire, and returns what came
// of it. Cancelling ctx abandons the request and leaves its outcome unknown if
// Written.
func (c *Client) Submit(ctx context.Context, job NewJob) Outcome {
	body, err := job.encode(c.services)
	sent := time.Now()
	if err != nil {
		return Outcome{Err: err, Sent: sent, Ended: time.Now()}
	}
	a := c.do(ctx, request{http.MethodPost, jobsPath, body, maxAnswer})
	out := Outcome{Status: a.status, Err: a.err, Written: a.written, Date: a.date, Sent: sent,
		Cut: a.status != 0 && a.err != nil && !errors.Is(a.err, errTooLong)}
	if a.status >= 200 && a.status < 300 {
		c.decodeAccepted(&out, a.body)
	} else if errors.Is(a.err, errTooLong) {
		out.Err = nil // only a body that could have held a job is missed
	} else if a.err == nil {
		out.Code, out.Message = c.hide.problem(a.body)
	}
	out.Ended = time.Now()
	return out
}

// decodeAccepted reads the body of a 2xx answer.
func (c *Client) decodeAccepted(out *Outcome, body []byte) {
	if out.Err != nil {
		return
	}
	id, err := acceptedID(body)
	if err != nil {
		out.Err = fmt.Errorf("read the answer: %w", c.hide.error(err))
		return
	}
	out.JobID = id
	if id == "" {
		out.Code, out.Message = c.hide.problem(body)
	}
}
