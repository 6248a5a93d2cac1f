package trial

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"airlift/queue"
	"airlift/worker/stop"
)

// examples is how many keys of each group of failures are named.
const examples = 3

// Outcome returns the trial as it is to be stored once it is decided.
func (t *Trial) Outcome(state queue.TrialState, now time.Time) queue.Trial {
	p := t.Progress()
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.set
	out.State, out.Version, out.Size, out.Seqs = state, t.set.Version+1, p.Size, nil
	out.Ended, out.Completed, out.Failed = now.UTC(), p.Completed, p.Failed
	if state == queue.TrialFailed {
		out.Text = fmt.Sprintf("%d of the %d items of the canary sample failed, and at most %d may: %s", p.Failed, p.Size, p.MaxFailed, t.failures())
	}
	return out
}

// failures groups the failed items by code, the most frequent first, with examples. The caller holds mu.
func (t *Trial) failures() string {
	type group struct {
		title string
		keys  []string
	}
	var groups []*group
	for _, i := range t.items {
		if i.stage != failed {
			continue
		}
		title := strings.TrimSpace(strings.Join([]string{i.code, i.message}, " "))
		at := slices.IndexFunc(groups, func(g *group) bool { return g.title == title })
		if at < 0 {
			at = len(groups)
			groups = append(groups, &group{title: title})
		}
		groups[at].keys = append(groups[at].keys, fmt.Sprintf("%q", i.key))
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(len(b.keys), len(a.keys)) })
	var all []string
	for _, g := range groups {
		text := fmt.Sprintf("%d: %s (%s", len(g.keys), g.title, strings.Join(g.keys[:min(len(g.keys), examples)], ", "))
		if len(g.keys) > examples {
			text += ", ..."
		}
		all = append(all, text+")")
	}
	return strings.Join(all, "; ")
}

// Stop returns the stop for a batch whose trial has failed.
func Stop(batch string, set queue.Trial) *stop.Error {
	return stop.Errorf(stop.Failures, "%s. The rest of batch %q is not sent. Fix what the failures have in common; then the same command with --canary-again sends another sample first, "+
		"and `airlift resume %q` lets the rest be sent without one", set.Text, batch, batch)
}
