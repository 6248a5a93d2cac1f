package airtest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// lateBy is how late Late is if nothing else is said.
const lateBy = 2 * time.Second

// fault decides what befalls a request.
func (s *Server) fault(c *call) Fault {
	if s.config.Script != nil {
		return s.config.Script(c.Request)
	}
	f := &c.settings.Faults
	if c.Path != "/jobs" {
		return Fault{}
	}
	if c.Method != http.MethodPost {
		return f.draw(f.List, c.Method, c.N)
	}
	named := func(part string) bool { return strings.Contains(c.Job.Source.ObjectKey, part) }
	switch {
	case slices.ContainsFunc(f.RejectKeys, named):
		return Fault{Kind: Reject400}
	case slices.ContainsFunc(f.Empty400Keys, named):
		return Fault{Kind: Empty400}
	}
	return f.draw(f.Post, c.Method, c.N)
}

// befall serves a request, or not, as the fault will have it.
func (s *Server) befall(ctx context.Context, c *call, f Fault) reply {
	if f.Kind == Unsent {
		return reply{end: endUnsent, struck: true}
	}
	if f.Kind == Late {
		return s.serveLate(ctx, c, f)
	}
	if !f.Kind.waits() && !s.wait(ctx, f.Delay) {
		return reply{end: endGone}
	}
	served := reply{}
	if f.Kind.after() {
		served = s.process(c)
		if !s.wait(ctx, time.Duration(c.settings.Latency)) {
			return reply{end: endGone}
		}
		if f.Kind == None || served.status != http.StatusOK {
			return served
		}
	}
	if f.Kind.lies() {
		return s.lie(c, f, served)
	}
	r := s.strike(ctx, f, c.settings, served)
	r.struck = true
	return r
}

// strike gives what a fault makes of an answer.
func (s *Server) strike(ctx context.Context, f Fault, set Settings, served reply) reply {
	switch f.Kind {
	case Err500Before, Err500After:
		return internalError()
	case HTML502Before, HTML502After:
		return html(http.StatusBadGateway, "502 Bad Gateway")
	case HTML200Before, HTML200After:
		return html(http.StatusOK, "Welcome")
	case EmptyJSONBefore, EmptyJSONAfter:
		return jsonReply(http.StatusOK, []byte(`{}`))
	case ResetBefore, ResetAfter:
		return reply{end: endReset}
	case HangBefore, HangAfter:
		if !s.hang(ctx, f.Delay) {
			return reply{end: endGone}
		}
		return reply{end: endClose}
	case HalfBody:
		served.end = endHalf
		return served
	case Throttle400:
		return throttle400()
	case Throttle503:
		return throttle503()
	case Reject400:
		return badRequest("source object not found or inaccessible")
	case Empty400:
		return reply{status: http.StatusBadRequest}
	case HTML403:
		return html(http.StatusForbidden, "403 Forbidden")
	case Access403:
		return problem(http.StatusForbidden, "ACCESS_DENIED", "User is not authorized to perform air:CreateJob")
	case HTML429:
		return set.retryLater(html(http.StatusTooManyRequests, "429 Too Many Requests"))
	case Rate429:
		return set.retryLater(problem(http.StatusTooManyRequests, "TooManyRequests", "Too many requests, please slow down."))
	case Forbid403:
		return quotaReached()
	case Cap429:
		return capExceeded()
	case StatusBefore, StatusAfter:
		r := reply{status: f.Status}
		if f.Code != "" || f.Message != "" {
			r = problem(f.Status, f.Code, f.Message)
		}
		r.header = f.Header
		return r
	}
	return reply{end: endClose} // CloseBefore, CloseAfter, and a kind that is not known
}

// serveLate serves a request after a delay, whatever becomes of its client.
func (s *Server) serveLate(ctx context.Context, c *call, f Fault) reply {
	if f.Delay <= 0 {
		f.Delay = lateBy
	}
	served := make(chan reply, 1)
	time.AfterFunc(f.Delay, func() { served <- s.process(c) })
	select {
	case r := <-served:
		r.struck = true
		return r
	case <-ctx.Done():
	case <-s.closed:
	}
	return reply{end: endGone, struck: true}
}

// wait waits for d and reports whether the client is still there.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	return d <= 0 || s.hang(ctx, d)
}

// hang is wait, but 0 is for ever.
func (s *Server) hang(ctx context.Context, d time.Duration) bool {
	var timer <-chan time.Time
	if d > 0 {
		timer = time.After(d)
	}
	select {
	case <-timer:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}
