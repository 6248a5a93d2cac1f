package capstest

import (
	"fmt"
	"time"
)

// Window is a day of the server.
type Window struct {
	// Start is when it began, by AiR's clock.
	Start             time.Time
	Cap, Ours, Others int
}

// Pause is a pause for the daily cap, from its first refusal to the next acceptance.
type Pause struct {
	Since, Until time.Time
	// Exact says that the reset was known as it began. Wasted counts the refused canaries.
	Exact  bool
	Wasted int
}

// Result is what came of a world.
type Result struct {
	World
	// Finished is when the last item was submitted, by AiR's clock; zero: it was not.
	Finished time.Time
	Windows  []Window
	Pauses   []Pause
	// Duplicates are the objects with more than one job.
	Duplicates int
	// Submitted are our accepted jobs.
	Submitted int64
}

// Check returns what must hold in every world and does not.
func (r *Result) Check() (broken []string) {
	bad := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	for i, w := range r.Windows {
		if w.Ours+w.Others > w.Cap {
			bad("day %d (%v): %d of ours and %d of others were accepted, and the cap is %d", i, w.Start, w.Ours, w.Others, w.Cap)
		}
	}
	for _, p := range r.Pauses {
		if p.Exact && p.Wasted > 1 {
			bad("pause from %v to %v: %d canaries were wasted although the reset was known", p.Since, p.Until, p.Wasted)
		}
	}
	if r.Duplicates > 0 {
		bad("%d objects have more than one job", r.Duplicates)
	}
	return broken
}
