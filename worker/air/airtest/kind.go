package airtest

import "slices"

// Kind names a fault. "Before" and "After" say whether the request is served, that
// is a job accepted, before the fault strikes: after a Before there is no job,
// after an After there is (if it was valid and no cap stood against it; if not,
// the refusal is answered and the fault does not strike).
type Kind string

// The faults. For a GET, Before and After come to the same.
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
	Throttle400     Kind = "throttle_400"
	Throttle503     Kind = "throttle_503"
	Reject400       Kind = "400"
	Forbid403       Kind = "403"
	Cap429          Kind = "429"

	// Answers that are wrong. The request of each is served first.
	StrayAnswer Kind = "stray_answer" // over a socket only
	LateRepeat  Kind = "late_repeat"  // over a socket only
	WrongEcho   Kind = "wrong_echo"
	SameID      Kind = "same_id"
	OddID       Kind = "odd_id"

	// Refusals that are not AiR's, or have another cause than a cap.
	Empty400  Kind = "400_empty"
	HTML403   Kind = "403_html"
	Access403 Kind = "403_access"
	HTML429   Kind = "429_html"
	Rate429   Kind = "429_rate"

	StatusBefore Kind = "status_before" // Fault.Status; for Script
	StatusAfter  Kind = "status_after"  // Fault.Status; for Script
	Unsent       Kind = "unsent"        // connection refused: RoundTrip only, over a socket it is CloseBefore
)

// randomKinds are those that can be drawn at random, with what each does.
var randomKinds = []struct {
	kind  Kind
	about string
}{
	{Err500Before, "500 in JSON, INTERNAL_ERROR; no job"},
	{Err500After, "the same, but the job was accepted"},
	{HTML502Before, "502 in HTML, as a proxy answers; no job"},
	{HTML502After, "the same, but the job was accepted"},
	{ResetBefore, "a TCP reset and no answer; no job"},
	{ResetAfter, "the same, but the job was accepted"},
	{CloseBefore, "the connection closed without an answer; no job"},
	{CloseAfter, "the same, but the job was accepted"},
	{HangBefore, "no answer for --fault-delay, then the connection closed; no job"},
	{HangAfter, "the same, but the job was accepted"},
	{HTML200Before, "200 with the page of a portal; no job"},
	{HTML200After, "the same, but the job was accepted"},
	{EmptyJSONBefore, "200 with JSON without a Job; no job"},
	{EmptyJSONAfter, "the same, but the job was accepted"},
	{HalfBody, "accepted; half the answer, then the connection closed"},
	{Late, "accepted only after --fault-delay, even if the client has gone"},
	{StrayAnswer, "accepted and answered; the same answer again half a millisecond later, on the same connection"},
	{LateRepeat, "the same, 40 ms later"},
	{WrongEcho, "accepted; the answer has another Name and Source"},
	{SameID, "accepted; the answer has the id of an earlier job of the batch, lists have the right one"},
	{OddID, "accepted; the answer has an unusable id (64 KiB long, terminal escapes, or not ASCII), lists have the right one"},
	{Throttle400, "400 RequestRateLimitExceeded; no job"},
	{Throttle503, "503 SlowDown; no job"},
	{Reject400, "400 BAD_REQUEST; no job"},
	{Empty400, "400 with an empty body; no job"},
	{Forbid403, "403, as if the monthly quota were reached; no job"},
	{HTML403, "403 in HTML, as a firewall answers; no job"},
	{Access403, "403 ACCESS_DENIED; no job"},
	{Cap429, "429, as if the daily cap were exceeded; no job"},
	{HTML429, "429 in HTML with Retry-After, as a proxy answers; no job"},
	{Rate429, "429 TooManyRequests with Retry-After; no job"},
}

// Kinds returns the names that ParseOdds and Faults take.
func Kinds() []Kind {
	kinds := make([]Kind, len(randomKinds))
	for i, k := range randomKinds {
		kinds[i] = k.kind
	}
	return kinds
}

// About says in a few words what a fault does to a POST, or "" if ParseOdds does not
// take it.
func About(k Kind) string {
	for _, known := range randomKinds {
		if known.kind == k {
			return known.about
		}
	}
	return ""
}

// served are the faults that strike after the request was served.
var served = []Kind{
	None, Err500After, HTML502After, ResetAfter, CloseAfter, HangAfter, HTML200After, EmptyJSONAfter,
	HalfBody, Late, StrayAnswer, LateRepeat, WrongEcho, SameID, OddID, StatusAfter,
}

// after reports whether the request is served before the fault strikes.
func (k Kind) after() bool { return slices.Contains(served, k) }

// waits reports whether Delay is a time within the fault and not a wait before it.
func (k Kind) waits() bool {
	return k == HangBefore || k == HangAfter || k == StrayAnswer || k == LateRepeat
}
