package canary

import (
	"context"
	"fmt"
	"time"

	"airlift/queue"
	"airlift/queue/sample"
	"airlift/worker/trial"
)

// Request asks for a sample of a batch that is sent before the rest.
type Request struct {
	// Size is how many items it has; 1 to [queue.MaxTrial].
	Size int `json:"size"`
	// MaxFailed is how many of them may fail, or Percent what share of them, if it is above 0.
	MaxFailed int     `json:"max_failed,omitempty"`
	Percent   float64 `json:"max_failed_percent,omitempty"`
	// Again asks for a further sample if the batch has had one.
	Again bool `json:"again,omitempty"`
	// Asked is when the command began that asks: it gets one sample, however often it asks.
	Asked time.Time `json:"asked"`
}

// Validate reports what cannot be asked for.
func (r *Request) Validate() error {
	if r != nil && (r.Size < 1 || r.Size > queue.MaxTrial || r.MaxFailed < 0 || !(r.Percent >= 0 && r.Percent <= 100)) {
		return fmt.Errorf("a canary sample has 1 to %d items, of which a number or a share may fail", queue.MaxTrial)
	}
	return nil
}

// Wants reports whether a batch is to get a sample.
func (r *Request) Wants(b *queue.Batch) bool {
	t := b.Control.Trial
	return r != nil && (t == nil || r.Again && t.State != queue.TrialRunning && r.Asked.After(t.Asked))
}

// mayFail returns how many items of a sample may fail.
func (r *Request) mayFail(size int) int {
	if r.Percent > 0 {
		return int(float64(size) * r.Percent / 100)
	}
	return r.MaxFailed
}

// ReadFirst says why the sources of a batch are read before anything is sent.
func (r *Request) ReadFirst(b *queue.Batch) string {
	if !r.Wants(b) {
		return ""
	}
	return "--canary: the sources are read to their end, so that the sample is one of all items"
}

// Choose returns the sample of a batch; nil: nothing is pending.
func (r *Request) Choose(ctx context.Context, from queue.Reader, batch string) (*queue.Trial, error) {
	chosen := sample.New(batch)
	err := queue.Entries(ctx, from, batch, queue.Filter{State: queue.Pending}, func(e *queue.Entry) error {
		chosen.Add(&e.Item)
		return nil
	})
	if err != nil {
		return nil, err
	}
	t := &queue.Trial{State: queue.TrialRunning, Asked: r.Asked.UTC(), Version: 1, Seqs: chosen.Choose(r.Size)}
	if t.Size = len(t.Seqs); t.Size == 0 {
		return nil, nil
	}
	t.MaxFailed = r.mayFail(t.Size)
	return t, nil
}

// Status is how the canary sample of a batch stands.
type Status struct {
	// State is that of a [queue.Trial].
	State queue.TrialState `json:"state"`
	// Size is how many items it has, and MaxFailed how many of them may fail.
	Size      int `json:"size"`
	MaxFailed int `json:"max_failed"`
	// Completed and Failed are those that AiR has decided, Open those that it has not, and Unsent those that were not sent yet. Of a
	// sample that is under way only the run knows them.
	Completed int `json:"completed"`
	Failed    int `json:"failed"`
	Open      int `json:"open"`
	Unsent    int `json:"unsent"`
	// Text says it in a sentence.
	Text string `json:"text"`
}

// Of returns how the sample of a batch stands as it is stored; nil: there is none.
func Of(t *queue.Trial) *Status {
	if t == nil {
		return nil
	}
	c := &Status{State: t.State, Size: t.Size, MaxFailed: t.MaxFailed, Completed: t.Completed, Failed: t.Failed, Text: t.Text}
	switch t.State {
	case queue.TrialRunning:
		c.Text = fmt.Sprintf("canary sample of %d items: the rest is sent once AiR has completed it", t.Size)
	case queue.TrialPassed:
		c.Text = fmt.Sprintf("canary sample: %d of %d completed, %d failed: the rest is sent", t.Completed, t.Size, t.Failed)
	case queue.TrialWaived:
		c.Text = "canary sample: waived by hand, so the rest is sent"
	}
	return c
}

// addRun adds what only the running pool knows.
func (c *Status) addRun(p trial.Progress) {
	c.Size, c.Completed, c.Failed, c.Open, c.Unsent, c.Text = p.Size, p.Completed, p.Failed, p.Open, p.Unsent, p.String()
}

// Add adds what a run knows of the sample of a batch, and returns why the rest is not sent; empty: it is, or that is known already.
func (c *Status) Add(batch string, run map[string]trial.Progress, idle bool) string {
	if c == nil {
		return ""
	}
	if p, is := run[batch]; is {
		c.addRun(p)
	}
	if c.State == queue.TrialRunning || c.State == queue.TrialFailed && idle {
		return c.Text
	}
	return ""
}

// Awaited reports whether the sample is under way.
func (c *Status) Awaited() bool { return c != nil && c.State == queue.TrialRunning }
