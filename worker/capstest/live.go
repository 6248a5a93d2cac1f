package capstest

import (
	"context"
	"time"

	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// begin notes the first day of the server.
func (p *Play) begin() {
	_, start := p.Air.AcceptedToday()
	p.first = start
	p.window(start)
}

// capOn returns the cap of a day of the server.
func (p *Play) capOn(start time.Time) int {
	if p.first.IsZero() {
		return nth(p.Caps, 0)
	}
	return nth(p.Caps, p.nth(start))
}

// nth returns the number of a day of the server, from 0.
func (p *Play) nth(start time.Time) int { return max(0, int(start.Sub(p.first).Round(day)/day)) }

// window returns a day of the server. The caller holds mu, or p alone.
func (p *Play) window(start time.Time) *Window {
	for n := p.nth(start); len(p.result.Windows) <= n; {
		i := len(p.result.Windows)
		p.result.Windows = append(p.result.Windows, Window{Start: p.first.Add(time.Duration(i) * day), Cap: nth(p.Caps, i)})
	}
	return &p.result.Windows[p.nth(start)]
}

// accepted counts an accepted job.
func (p *Play) accepted(j air.Job) {
	_, start := p.Air.AcceptedToday()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.window(start).Ours++
	if p.result.Submitted++; int(p.result.Submitted) == p.items {
		p.result.Finished = p.Now()
	}
}

// live makes the jobs of others, sets the clocks, moves the reset, and calls each as a day of the server ends.
func (p *Play) live(ctx context.Context) {
	begun, steps, moves, today, made := time.Now(), p.Steps, p.Moves, p.first, 0
	for {
		if len(steps) > 0 && time.Since(begun) >= steps[0].After {
			p.skew.Add(int64(steps[0].By))
			steps = steps[1:]
		}
		if len(moves) > 0 && time.Since(begun) >= moves[0].After {
			at := moves[0].ResetAt
			p.ok(p.Air.Change(func(s *airtest.Settings) { s.ResetAt = airtest.Duration(at) }))
			moves = moves[1:]
		}
		_, start := p.Air.AcceptedToday()
		if start.After(today) {
			today, made = start, 0
			p.callEach()
		}
		wish := nth(p.Others, p.nth(start))
		pause := max(time.Second, p.OthersSpread/time.Duration(max(1, wish)))
		if due := min(wish, 1+int(p.Now().Sub(start)/pause)); due > made {
			n := p.Air.SubmitOthers(due - made)
			made = due
			p.mu.Lock()
			p.window(start).Others += n
			p.mu.Unlock()
		}
		wait := start.Add(day).Sub(p.Now())
		if made < wish {
			wait = min(wait, pause)
		}
		if len(steps) > 0 {
			wait = min(wait, steps[0].After-time.Since(begun))
		}
		if ratelimit.Sleep(ctx, max(wait, time.Millisecond)) != nil {
			return
		}
	}
}

// callEach calls each while no process begins or ends.
func (p *Play) callEach() {
	if p.each == nil {
		return
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	p.each(p)
}

// end completes the result.
func (p *Play) end() {
	p.result.World = p.World
	p.result.Duplicates = len(p.Air.Duplicates())
}
