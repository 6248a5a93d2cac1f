package airtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"airlift/worker/air"
)

// Kind names a fault. "Before" and "After" say whether the request is served, that
// is a job accepted, before the fault is injected: after a Before there is no job,
// after an After there is (if it was valid and no cap stood against it; if not,
// the refusal is answered and the fault is not injected).
type Kind string

// The faults. A new one is a constant here and a row in the table below. For a GET, Before and After come to the same.
const (
	None            Kind = ""
	Err500Before    Kind = "500_before"
	Err500After     Kind = "500_after"
	HTML502Before   Kind = "502_before"
	HTML502After    Kind = "502_after"
	ResetBefore     Kind = "reset_before"
	ResetAfter      Kind = "reset_after"
	CloseBefore     Kind = "close_before"
	CloseAfter      Kind = "close_after"
	HangBefore      Kind = "hang_before"
	HangAfter       Kind = "hang_after"
	HTML200Before   Kind = "html_before"
	HTML200After    Kind = "html_after"
	EmptyJSONBefore Kind = "nojob_before"
	EmptyJSONAfter  Kind = "nojob_after"
	HalfBody        Kind = "half_body"
	Late            Kind = "late"

	// Wrong answers. The request of each is served first.
	StrayAnswer Kind = "stray_answer" // over a socket only
	LateRepeat  Kind = "late_repeat"  // over a socket only
	WrongEcho   Kind = "wrong_echo"
	SameID      Kind = "same_id"
	OddID       Kind = "odd_id"

	// Refusals.
	Throttle400 Kind = "throttle_400"
	Throttle503 Kind = "throttle_503"
	Reject400   Kind = "400"
	Empty400    Kind = "400_empty"
	Forbid403   Kind = "403"
	HTML403     Kind = "403_html"
	Access403   Kind = "403_access"
	Cap429      Kind = "429"
	HTML429     Kind = "429_html"
	Rate429     Kind = "429_rate"

	// For Config.Script only.
	StatusBefore Kind = "status_before" // Fault.Status
	StatusAfter  Kind = "status_after"  // Fault.Status
	Unsent       Kind = "unsent"        // connection refused: RoundTrip only, over a socket it is CloseBefore
)

// kindInfo is what the server knows of a kind of fault.
type kindInfo struct {
	kind   Kind
	served bool // the request is served first
	effect effect
	about  string // what it does to a POST, for the help; "": it cannot be drawn at random
}

// The values of kindInfo.served.
const (
	before = false
	after  = true
)

// ownDelay are the faults in which Fault.Delay is a time within the fault, and not a wait before it.
var ownDelay = []Kind{HangBefore, HangAfter, Late, StrayAnswer, LateRepeat}

// effect returns what the client gets, and false if the fault has no effect on this request.
type effect func(*injection) (reply, bool)

// injection is a fault about to be injected into the answer of a request.
type injection struct {
	server *Server
	ctx    context.Context // the client's
	call   *call
	fault  Fault
	answer reply // if the request was served
}

// kinds are all faults, those that can be drawn at random in the order of the help.
var kinds = []kindInfo{
	{Err500Before, before, answerWith(internalError()), "500 in JSON, INTERNAL_ERROR; no job"},
	{Err500After, after, answerWith(internalError()), "the same, but the job was accepted"},
	{HTML502Before, before, answerWith(html(http.StatusBadGateway, "502 Bad Gateway")), "502 in HTML, as a proxy answers; no job"},
	{HTML502After, after, answerWith(html(http.StatusBadGateway, "502 Bad Gateway")), "the same, but the job was accepted"},
	{ResetBefore, before, answerWith(reply{end: endReset}), "a TCP reset and no answer; no job"},
	{ResetAfter, after, answerWith(reply{end: endReset}), "the same, but the job was accepted"},
	{CloseBefore, before, answerWith(reply{end: endClose}), "the connection closed without an answer; no job"},
	{CloseAfter, after, answerWith(reply{end: endClose}), "the same, but the job was accepted"},
	{HangBefore, before, hang, "no answer for --fault-delay, then the connection closed; no job"},
	{HangAfter, after, hang, "the same, but the job was accepted"},
	{HTML200Before, before, answerWith(html(http.StatusOK, "Welcome")), "200 with the page of a portal; no job"},
	{HTML200After, after, answerWith(html(http.StatusOK, "Welcome")), "the same, but the job was accepted"},
	{EmptyJSONBefore, before, answerWith(jsonReply(http.StatusOK, []byte(`{}`))), "200 with JSON without a Job; no job"},
	{EmptyJSONAfter, after, answerWith(jsonReply(http.StatusOK, []byte(`{}`))), "the same, but the job was accepted"},
	{HalfBody, after, cutInHalf, "accepted; half the answer, then the connection closed"},
	{Late, before, serveLate, "accepted only after --fault-delay, even if the client has gone"},
	{StrayAnswer, after, repeatAfter(500 * time.Microsecond), "accepted and answered; the same answer again half a millisecond later, on the same connection"},
	{LateRepeat, after, repeatAfter(40 * time.Millisecond), "the same, 40 ms later"},
	{WrongEcho, after, wrongEcho, "accepted; the answer has another Name and Source"},
	{SameID, after, sameID, "accepted; the answer has the id of an earlier job of the batch, lists have the right one"},
	{OddID, after, oddID, "accepted; the answer has an unusable id (64 KiB long, terminal escapes, or not ASCII), lists have the right one"},
	{Throttle400, before, answerWith(throttle400()), "400 RequestRateLimitExceeded; no job"},
	{Throttle503, before, answerWith(throttle503()), "503 SlowDown; no job"},
	{Reject400, before, answerWith(badRequest("source object not found or inaccessible")), "400 BAD_REQUEST; no job"},
	{Empty400, before, answerWith(reply{status: http.StatusBadRequest}), "400 with an empty body; no job"},
	{Forbid403, before, answerWith(quotaReached()), "403, as if the monthly quota were reached; no job"},
	{HTML403, before, answerWith(html(http.StatusForbidden, "403 Forbidden")), "403 in HTML, as a firewall answers; no job"},
	{Access403, before, answerWith(problem(http.StatusForbidden, "ACCESS_DENIED", "User is not authorized to perform air:CreateJob")), "403 ACCESS_DENIED; no job"},
	{Cap429, before, answerWith(capExceeded()), "429, as if the daily cap were exceeded; no job"},
	{HTML429, before, retryLater(html(http.StatusTooManyRequests, "429 Too Many Requests")), "429 in HTML with Retry-After, as a proxy answers; no job"},
	{Rate429, before, retryLater(problem(http.StatusTooManyRequests, "TooManyRequests", "Too many requests, please slow down.")), "429 TooManyRequests with Retry-After; no job"},

	{StatusBefore, before, answerStatus, ""},
	{StatusAfter, after, answerStatus, ""},
	{Unsent, before, answerWith(reply{end: endUnsent}), ""},
}

// infoOf returns what is known of a kind. An unknown one is CloseBefore.
func infoOf(k Kind) kindInfo {
	for _, known := range kinds {
		if known.kind == k {
			return known
		}
	}
	return kindInfo{kind: k, effect: answerWith(reply{end: endClose})}
}

// Kinds returns the names that ParseOdds and Faults take.
func Kinds() (names []Kind) {
	for _, k := range kinds {
		if k.about != "" {
			names = append(names, k.kind)
		}
	}
	return names
}

// About says in a few words what a fault does to a POST, or "" if ParseOdds does not
// take it.
func About(k Kind) string { return infoOf(k).about }

// inject serves a request, or not, as the fault says.
func (s *Server) inject(ctx context.Context, c *call, f Fault) reply {
	in := &injection{server: s, ctx: ctx, call: c, fault: f}
	info := infoOf(f.Kind)
	if !slices.Contains(ownDelay, f.Kind) && !s.wait(ctx, f.Delay) {
		return reply{end: endGone}
	}
	if info.served || f.Kind == None {
		var there bool
		if in.answer, there = s.attend(ctx, c); !there {
			return reply{end: endGone}
		}
		if f.Kind == None || in.answer.status != http.StatusOK {
			return in.answer
		}
	}
	r, ok := info.effect(in)
	if !ok {
		return in.answer
	}
	r.injected = true
	return r
}

func answerWith(r reply) effect {
	return func(*injection) (reply, bool) { return r, true }
}

// retryLater adds the header that says when to come again.
func retryLater(r reply) effect {
	return func(in *injection) (reply, bool) {
		r := r
		r.header = in.call.settings.retryAfter()
		return r, true
	}
}

func answerStatus(in *injection) (reply, bool) {
	f := in.fault
	r := reply{status: f.Status}
	if f.Code != "" || f.Message != "" {
		r = problem(f.Status, f.Code, f.Message)
	}
	r.header = f.Header
	return r, true
}

func hang(in *injection) (reply, bool) {
	if !in.server.hang(in.ctx, in.fault.Delay) {
		return reply{end: endGone}, true
	}
	return reply{end: endClose}, true
}

func cutInHalf(in *injection) (reply, bool) {
	r := in.answer
	r.end = endHalf
	return r, true
}

// serveLate serves the request after a delay, whatever becomes of its client.
func serveLate(in *injection) (reply, bool) {
	s, delay := in.server, in.fault.Delay
	if delay <= 0 {
		delay = 2 * time.Second
	}
	served := make(chan reply, 1)
	time.AfterFunc(delay, func() {
		r, _ := s.attend(context.WithoutCancel(in.ctx), in.call)
		served <- r
	})
	select {
	case r := <-served:
		return r, true
	case <-in.ctx.Done():
	case <-s.closed:
	}
	return reply{end: endGone}, true
}

// repeatAfter sends the answer once more, by default after so long.
func repeatAfter(usual time.Duration) effect {
	return func(in *injection) (reply, bool) {
		r := in.answer
		if r.again = in.fault.Delay; r.again <= 0 {
			r.again = usual
		}
		return r, true
	}
}

// wrongEcho answers with another job, or with a list of another.
func wrongEcho(in *injection) (reply, bool) {
	c := in.call
	if c.Method == http.MethodGet {
		j := air.Job{
			ID: "00000000000000000000000000000000", Name: "another-" + c.Query.Get("name"), Batch: "another-" + c.Query.Get("batch"),
			UserID: userID, Status: air.StatusCompleted, Created: c.At.Format(dateFormat),
			Source:      air.Source{Bucket: "another", ObjectKey: "another", Provider: "wasabi"},
			Destination: air.Destination{Bucket: "another", Region: "us-east-1"},
		}
		return jsonReply(http.StatusOK, mustMarshal(map[string][]air.Job{"Records": {j}})), true
	}
	return in.changeJob(func(j *air.Job) bool {
		j.Name, j.Source.Bucket, j.Source.ObjectKey = "another-"+j.Name, "another-"+j.Source.Bucket, "another/"+j.Source.ObjectKey
		return true
	})
}

func sameID(in *injection) (reply, bool) {
	return in.changeJob(func(j *air.Job) bool {
		id, ok := in.server.earlier(*in.answer.job)
		j.ID = id
		return ok
	})
}

func oddID(in *injection) (reply, bool) {
	ids := []string{strings.Repeat("0123456789abcdef", 4096), "\x1b[2J\x1b[31m", "ж日-"}
	return in.changeJob(func(j *air.Job) bool {
		j.ID = ids[in.call.N%len(ids)] + j.ID
		return true
	})
}

// changeJob answers with the job that change makes of the accepted one, unless there is none or change returns false.
func (in *injection) changeJob(change func(*air.Job) bool) (reply, bool) {
	if in.answer.job == nil {
		return reply{}, false
	}
	s := in.server
	s.mu.Lock()
	v := s.view()
	s.mu.Unlock()
	j := v.job(*in.answer.job)
	if !change(&j) {
		return reply{}, false
	}
	return jsonReply(http.StatusOK, mustMarshal(map[string]air.Job{"Job": j})), true
}

func mustMarshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // only valid UTF-8 is stored
		panic(fmt.Sprintf("encode a job: %v", err))
	}
	return text
}

// earlier returns the id of the job before the n-th in its batch.
func (s *Server) earlier(n uint32) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := ""
	for _, m := range s.store.batches[s.store.object(n).Batch] {
		if m == n {
			break
		}
		last = s.store.id(m)
	}
	return last, last != ""
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
