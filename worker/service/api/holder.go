package api

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"airlift/queue"
	"airlift/worker/service"
)

// Holder implements [service.Holder] with a client.
type Holder struct{ *Client }

var _ service.Holder = Holder{}

// Status implements [service.Holder].
func (h Holder) Status(ctx context.Context, ids []string, limits *service.AssumedLimits) (all []service.Status, err error) {
	q := url.Values{"batch": ids}
	if limits != nil {
		setAssumed(q, *limits)
	}
	err = h.call(ctx, "GET", "/v1/status", q, nil, &all)
	return all, err
}

// Overview returns the whole view of the queue and of its run.
func (h Holder) Overview(ctx context.Context) (o service.Overview, err error) {
	err = h.call(ctx, "GET", "/v1/overview", nil, nil, &o)
	return o, err
}

// Run returns the run of an account at the holder; of the first that has one, if the name is empty.
func (h Holder) Run(ctx context.Context, account string) (r Run, err error) {
	err = h.call(ctx, "GET", "/v1/run", url.Values{"account": {account}}, nil, &r)
	return r, err
}

// Work implements [service.Holder].
func (h Holder) Work(ctx context.Context, r service.WorkRequest) (w service.Work, err error) {
	err = h.call(ctx, "POST", "/v1/work", nil, r, &w)
	return w, err
}

// Hold implements [service.Holder].
func (h Holder) Hold(ctx context.Context, batch string) error {
	return h.call(ctx, "POST", "/v1/hold", nil, batchJSON{batch}, &none{})
}

// Retry implements [service.Holder].
func (h Holder) Retry(ctx context.Context, r service.ChangeRequest) (queue.Changed, error) {
	return h.change(ctx, "/v1/retry", r)
}

// Cancel implements [service.Holder].
func (h Holder) Cancel(ctx context.Context, r service.ChangeRequest) (queue.Changed, error) {
	return h.change(ctx, "/v1/cancel", r)
}

// actionPoll is how often a client asks for the end of a bulk action.
const actionPoll = 50 * time.Millisecond

// change begins a bulk action and waits for its end. At the end of ctx the action goes on: the error is a [service.LeftError].
func (h Holder) change(ctx context.Context, path string, r service.ChangeRequest) (queue.Changed, error) {
	in := changeJSON{Batch: r.Batch, State: r.State, Code: r.Code, Keys: r.Keys, Reading: r.Reading, DryRun: r.DryRun, Expect: r.Expect}
	var a actionJSON
	err := h.call(ctx, "POST", path, nil, in, &a)
	for err == nil && !a.Done {
		select {
		case <-ctx.Done():
		case <-time.After(actionPoll):
		}
		err = h.call(ctx, "GET", "/v1/action", query("id", a.ID), nil, &a)
	}
	if err != nil && ctx.Err() != nil && !r.DryRun {
		return queue.Changed{}, &service.LeftError{Holder: h.String(), Change: true, Err: context.Cause(ctx)}
	}
	if err == nil && a.Error != nil {
		err = a.Error.decode()
	}
	return queue.Changed{Items: a.Items, InDoubt: a.InDoubt}, err
}

// Pause implements [service.Holder].
func (h Holder) Pause(ctx context.Context, r service.PauseRequest) error {
	return h.call(ctx, "POST", "/v1/pause", nil, r, &none{})
}

// Resume implements [service.Holder].
func (h Holder) Resume(ctx context.Context, r service.ResumeRequest) (out service.Resumed, err error) {
	err = h.call(ctx, "POST", "/v1/resume", nil, r, &out)
	return out, err
}

// Set implements [service.Holder].
func (h Holder) Set(ctx context.Context, r service.SetRequest) (out service.InForce, err error) {
	err = h.call(ctx, "POST", "/v1/set", nil, r, &out)
	return out, err
}

// String implements [service.Holder].
func (h Holder) String() string { return fmt.Sprintf("process %d", h.Info.PID) }
