package caps

import (
	"testing"
	"time"
)

const grace = 5 * time.Second

// A server resets at a time of day and has a small cap that is always used up at once: how many canaries are refused until the
// reset is known, on how many days more than one was, and what is learned.
func TestAimLearnsEachReset(t *testing.T) {
	for reset := time.Duration(0); reset < day; reset += quarter {
		for _, begin := range []time.Duration{0, 7*time.Hour + time.Minute, 12 * time.Hour, 23*time.Hour + 50*time.Minute} {
			var days []Day
			now := first.Add(begin) // the cap is met here
			for n := range 12 {
				l := Learn(days, now)
				refusals, accepted := 0, now
				for {
					refusals++
					at := l.Aim(Refusal{At: now, InARow: refusals, Accepted: accepted}, grace)
					if !at.After(now) || at.Sub(now) > day+grace {
						t.Fatalf("reset at %v: aimed at %v, %v after the refusal", reset, at, at.Sub(now))
					}
					if next(accepted, reset).After(at) {
						now = at
						continue
					}
					d := Day{Start: at.Truncate(day), Capped: true, CappedAt: at.Add(time.Minute), Resets: []Resumption{{now, at, int64(refusals)}}}
					d.Accepted[timeOfDay(at)/quarter] = 100
					days, now = append(days, d), at.Add(time.Minute)
					break
				}
				wasted := refusals - 1
				if n > 0 && wasted > 1 {
					t.Errorf("reset at %v, begun at %v: %d canaries wasted on day %d, span %+v", reset, begin, wasted, n, l.Reset.span)
				}
				if l.Reset.Exact() && (wasted > 0 || l.Reset.Value != reset) {
					t.Errorf("reset at %v, begun at %v: learned %v, %d wasted", reset, begin, l.Reset.Value, wasted)
				}
			}
			if l := Learn(days, now); !l.Reset.Exact() || l.Reset.Value != reset {
				t.Errorf("reset at %v, begun at %v: learned %+v", reset, begin, l.Reset)
			}
		}
	}
}

// Soon after a reset, with nothing accepted, canaries follow after 5, 15 and 60 minutes; then the day is given up.
func TestAimSoonAfterAReset(t *testing.T) {
	midnight := first.AddDate(0, 0, 1)
	at := midnight.Add(grace)
	for i, want := range []time.Duration{5 * time.Minute, 20 * time.Minute, 80 * time.Minute, day} {
		got := new(Learned).Aim(Refusal{At: at, InARow: i + 2, Accepted: first}, grace)
		if got.Sub(midnight) != want+grace {
			t.Errorf("refusal %d at %v: the next canary is %v after midnight, want %v", i, at, got.Sub(midnight), want+grace)
		}
		at = got
	}
	if got := new(Learned).Aim(Refusal{At: at, InARow: 1, Accepted: at}, grace); got.Sub(midnight) != 2*day+grace {
		t.Errorf("after an accepted job: %v, want the midnight after", got)
	}
	if got := new(Learned).Aim(Refusal{At: at, InARow: 1, Accepted: midnight.Add(-time.Hour)}, grace); got.Sub(at) != 5*time.Minute {
		t.Errorf("a first refusal soon after midnight: %v", got)
	}
}

func TestRenewal(t *testing.T) {
	at := func(d, h int) time.Time { return time.Date(2028, 2, d, h, 0, 0, 0, time.UTC) }
	l := Learned{Reset: Reset{Value: 30 * time.Minute}}
	if got, want := l.Renewal(at(29, 12)), at(30, 0).Add(30*time.Minute); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := l.Renewal(at(30, 0)), at(30, 0).Add(30*time.Minute); !got.Equal(want) {
		t.Errorf("before the reset of the first of March: got %v, want %v", got, want)
	}
}
