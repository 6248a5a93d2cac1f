package airtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is what befalls one request. The zero value is none.
type Fault struct {
	Kind Kind
	// Delay is, for Late and LateAnswer, how long after its arrival the request is
	// served (0: 2 s); for the hangs how long they last (0: until the client goes
	// away). For every other kind, none included, it comes before the rest.
	Delay time.Duration
	// Status, Code and Message are the answer of StatusBefore and StatusAfter. Their
	// body is JSON if either Code or Message is set, otherwise empty.
	Status        int
	Code, Message string
	// Header is set on the answer of StatusBefore and StatusAfter; may be nil.
	Header map[string]string
}

// Kind names a fault. "Before" and "After" say whether the request is served, that
// is a job accepted, before the fault strikes: after a Before there is no job,
// after an After there is (if it was valid and no cap stood against it; if not,
// the refusal is answered and the fault does not strike).
type Kind string

// The faults. For a GET, Before and After come to the same.
const (
	None            Kind = ""
	Err500Before    Kind = "500_before" // JSON, INTERNAL_ERROR
	Err500After     Kind = "500_after"
	HTML502Before   Kind = "502_before" // as a proxy answers
	HTML502After    Kind = "502_after"
	ResetBefore     Kind = "reset_before" // a TCP reset and no answer
	ResetAfter      Kind = "reset_after"
	CloseBefore     Kind = "close_before" // the connection closed and no answer
	CloseAfter      Kind = "close_after"
	HangBefore      Kind = "hang_before" // no answer; in the end the connection is closed
	HangAfter       Kind = "hang_after"
	HTML200Before   Kind = "html_before" // a page of a portal, with status 200
	HTML200After    Kind = "html_after"
	EmptyJSONBefore Kind = "nojob_before" // 200 and JSON, but no Job in it
	EmptyJSONAfter  Kind = "nojob_after"
	HalfBody        Kind = "half_body"     // served; then half the answer, and the connection closed
	Late            Kind = "late"          // served after Delay, even if the client has gone
	Throttle400     Kind = "throttle_400"  // RequestRateLimitExceeded; not served
	Throttle503     Kind = "throttle_503"  // SlowDown; not served
	Reject400       Kind = "400"           // BAD_REQUEST; not served
	Forbid403       Kind = "403"           // as if the monthly quota were reached; not served
	Cap429          Kind = "429"           // as if the daily cap were exceeded; not served
	StatusBefore    Kind = "status_before" // Fault.Status; for Script
	StatusAfter     Kind = "status_after"
	Unsent          Kind = "unsent" // connection refused: RoundTrip only, over a socket it is CloseBefore
)

// kinds that can be drawn at random.
var randomKinds = []Kind{
	Err500Before, Err500After, HTML502Before, HTML502After, ResetBefore, ResetAfter, CloseBefore, CloseAfter,
	HangBefore, HangAfter, HTML200Before, HTML200After, EmptyJSONBefore, EmptyJSONAfter, HalfBody, Late,
	Throttle400, Throttle503, Reject400, Forbid403, Cap429,
}

// Kinds returns the names that ParseOdds and Faults take.
func Kinds() []Kind { return slices.Clone(randomKinds) }

// Odds gives faults their probabilities, each 0 to 1, together at most 1.
type Odds map[Kind]float64

// Faults befall requests at random: the same seed gives the same fault to the n-th
// request of a method.
type Faults struct {
	Seed uint64 `json:"seed"`
	Post Odds   `json:"post"` // POST /jobs
	List Odds   `json:"list"` // GET /jobs
	// Delay is Fault.Delay of what is drawn.
	Delay Duration `json:"delay"`
	// RejectKeys gives a 400 to each POST whose object key contains one of these.
	RejectKeys []string `json:"reject_keys"`
}

// ParseOdds reads "kind=probability,..." as in "reset_after=0.01,500_before=0.1".
func ParseOdds(s string) (Odds, error) {
	odds := Odds{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("fault %q: expected kind=probability", part)
		}
		odds[Kind(name)] = p
	}
	return odds, odds.check()
}

func (o Odds) check() error {
	sum := 0.0
	for kind, p := range o {
		if !slices.Contains(randomKinds, kind) {
			return fmt.Errorf("fault %q is not known: one of %v", kind, randomKinds)
		}
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("fault %q has probability %v: expected 0 to 1", kind, p)
		}
		sum += p
	}
	if sum > 1.000001 {
		return fmt.Errorf("probabilities of the faults add up to %v, over 1", sum)
	}
	return nil
}

func (f Faults) check() error {
	if err := f.Post.check(); err != nil {
		return err
	}
	return f.List.check()
}

// draw picks the fault of the n-th request of a method.
func (f *Faults) draw(odds Odds, method string, n int) Fault {
	if len(odds) == 0 {
		return Fault{}
	}
	x := rand.New(rand.NewPCG(f.Seed^uint64(len(method)), uint64(n))).Float64()
	for _, kind := range slices.Sorted(maps.Keys(odds)) {
		if x -= odds[kind]; x < 0 {
			return Fault{Kind: kind, Delay: time.Duration(f.Delay)}
		}
	}
	return Fault{}
}

// after reports whether the request is served before the fault strikes.
func (k Kind) after() bool {
	switch k {
	case None, Err500After, HTML502After, ResetAfter, CloseAfter, HangAfter, HTML200After, EmptyJSONAfter,
		HalfBody, Late, StatusAfter:
		return true
	}
	return false
}

// hangs reports whether Delay is the length of a silence and not a wait before.
func (k Kind) hangs() bool { return k == HangBefore || k == HangAfter }
