package airtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is what is injected into one request. The zero value is none.
type Fault struct {
	Kind Kind
	// Delay is, for Late, how long after its arrival the request is served (0: 2 s);
	// for the hangs how long they last (0: until the client goes away); for
	// StrayAnswer and LateRepeat how long after the answer its repetition follows
	// (0: half a millisecond and 40 ms). For every other kind, none included, it
	// comes before the rest.
	Delay time.Duration
	// Status, Code and Message are the answer of StatusBefore and StatusAfter. Their
	// body is JSON if either Code or Message is set, otherwise empty.
	Status        int
	Code, Message string
	// Header is set on the answer of StatusBefore and StatusAfter; may be nil.
	Header map[string]string
}

// Odds gives faults their probabilities, each 0 to 1, together at most 1.
type Odds map[Kind]float64

// Faults are injected into requests at random: the same seed gives the same fault to the n-th
// request of a method.
type Faults struct {
	Seed uint64 `json:"seed"`
	Post Odds   `json:"post"` // POST /jobs
	List Odds   `json:"list"` // GET /jobs
	// Delay is Fault.Delay of what is drawn.
	Delay Duration `json:"delay"`
	// RejectKeys gives a 400 to each POST whose object key contains one of these.
	RejectKeys []string `json:"reject_keys"`
	// Empty400Keys gives a 400 with an empty body, which AiR never does, to each POST
	// whose object key contains one of these.
	Empty400Keys []string `json:"empty_400_keys"`
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
		if About(kind) == "" {
			return fmt.Errorf("fault %q is not known: one of %v", kind, Kinds())
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

// faultOf returns the fault to inject into a request.
func (s *Server) faultOf(c *call) Fault {
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
