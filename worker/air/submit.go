package air

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Outcome is all that is known after a POST /jobs. The caller decides what it means. Its
// texts are bounded in length, and the keys are removed from them even where the answer
// writes them with JSON escapes.
type Outcome struct {
	// JobID is set only if a complete 2xx answer had a Job.Id of 1 to 256 bytes of
	// visible ASCII, without the keys. Such an answer may also have Code and Message,
	// or an Echo that does not fit.
	JobID string
	// Echo is what a 2xx answer says of the job that it answers for. Misplaced is set if
	// that is not the job that was sent, or if the answer is a list of jobs: the answer
	// belongs to another request, and its connection is closed.
	Echo      Echo
	Misplaced bool
	// Status is the HTTP status; 0: no status line came.
	Status int
	// Code and Message are ErrorCode and Error of the answer, if its body was a
	// JSON object, whatever its content type says. At most 1 KiB each, printable,
	// on one line.
	Code, Message string
	// Foreign is set if the answer is not AiR's: its body is empty, or not a JSON object
	// with Error, ErrorCode or, with a 2xx, Job.
	Foreign bool
	// Excerpt is the beginning of a foreign body: at most 120 characters, printable, on one line.
	Excerpt string
	// RetryAfter is how long the answer asks to wait, by its header of that name
	// (RFC 9110, 10.2.3), however long that is. 0: it does not.
	RetryAfter time.Duration
	// Proxy is the host and port of the proxy (HTTPS_PROXY) if the request failed there
	// before it reached AiR; else empty.
	Proxy string
	// Err is an error of sending, of reading the answer, or of decoding a 2xx; nil for a
	// whole answer of any other status. A cut answer has both Status and Err. With
	// ErrInvalidJob nothing was sent.
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

// Submit sends one POST /jobs, at most once on the wire, and returns its outcome. If
// ctx is canceled, the request is abandoned, and its outcome is unknown if Written.
func (c *Client) Submit(ctx context.Context, job NewJob) Outcome {
	body, err := job.encode(c.services)
	sent := time.Now()
	if err != nil {
		return Outcome{Err: err, Sent: sent, Ended: time.Now()}
	}
	a := c.do(ctx, request{method: http.MethodPost, body: body, limit: maxAnswer})
	out := Outcome{Status: a.status, Err: a.err, Written: a.written, Date: a.date, Sent: sent,
		RetryAfter: a.retryAfter, Proxy: a.proxy,
		Cut: a.status != 0 && a.err != nil && !errors.Is(a.err, errTooLong)}
	switch {
	case a.status == 0:
	case a.status >= 200 && a.status < 300:
		list := c.readAccepted(&out, a.body)
		if out.Misplaced = list || !out.Echo.Fits(job); out.Misplaced {
			a.closeConn() // what follows on it may be another request's, too
		}
	case errors.Is(a.err, errTooLong):
		out.Err = nil // a refusal's body is not needed: its status decides
		out.Foreign = true
	default:
		if a.err == nil {
			out.Code, out.Message = c.redact.problem(a.body)
		}
		out.Foreign = out.Code == "" && out.Message == ""
	}
	if out.Foreign && !out.Cut {
		out.Excerpt = c.redact.excerpt(a.body)
	}
	out.Ended = time.Now()
	return out
}

// Misplacement describes a Misplaced answer: the job that it answers for, and the job that
// was sent.
func (o Outcome) Misplacement(sent NewJob) string {
	other := o.Echo.String()
	if other == "" {
		other = "a list of jobs"
	}
	return fmt.Sprintf("the answer belongs to another request (%s), not to the job that was sent (%v)", other, Echo{sent.Name, sent.Batch, sent.Source.Bucket, sent.Source.ObjectKey})
}

// readAccepted reads the body of a 2xx answer, and reports whether that is a list.
func (c *Client) readAccepted(out *Outcome, body []byte) (list bool) {
	if out.Err != nil {
		out.Foreign = true
		return false
	}
	a, err := decodeSubmitted(body)
	out.Code, out.Message = c.redact.text(string(a.errorCode)), c.redact.text(string(a.error))
	out.Foreign = !a.job && out.Code == "" && out.Message == ""
	out.Echo = c.redact.echo(a)
	id := string(a.id)
	if err == nil && id != c.redact.replace(id) {
		err = errSecretID
	}
	if err != nil {
		out.Err = fmt.Errorf("read the answer: %w", c.redact.error(err))
		return false
	}
	out.JobID = id
	return !a.job && a.list
}
