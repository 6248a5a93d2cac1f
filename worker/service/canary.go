package service

import (
	"context"
	"fmt"
	"time"

	"airlift/queue"
	"airlift/queue/sample"
	"airlift/worker"
	"airlift/worker/trial"
)

// CanaryRequest asks for a sample of a batch that is sent before the rest.
type CanaryRequest struct {
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

func (r *CanaryRequest) validate() error {
	if r != nil && (r.Size < 1 || r.Size > queue.MaxTrial || r.MaxFailed < 0 || !(r.Percent >= 0 && r.Percent <= 100)) {
		return invalid(fmt.Sprintf("a canary sample has 1 to %d items, of which a number or a share may fail", queue.MaxTrial))
	}
	return nil
}

// wants reports whether a batch is to get a sample.
func (r *CanaryRequest) wants(b *queue.Batch) bool {
	t := b.Control.Trial
	return r != nil && (t == nil || r.Again && t.State != queue.TrialRunning && r.Asked.After(t.Asked))
}

// mayFail returns how many items of a sample may fail.
func (r *CanaryRequest) mayFail(size int) int {
	if r.Percent > 0 {
		return int(float64(size) * r.Percent / 100)
	}
	return r.MaxFailed
}

// readFirst says why the sources of a batch are read before anything is sent.
func (r *CanaryRequest) readFirst(b *queue.Batch) string {
	if !r.wants(b) {
		return ""
	}
	return "--canary: the sources are read to their end, so that the sample is one of all items"
}

// canary chooses the samples of batches, and stores them.
func (s *Service) canary(ctx context.Context, batches []string, r *CanaryRequest) error {
	for i := 0; i < len(batches) && r != nil; i++ {
		if err := s.chooseSample(ctx, batches[i], r); err != nil {
			return err
		}
	}
	return nil
}

// chooseSample chooses and stores the sample of a batch, if it is to get one and has something pending.
func (s *Service) chooseSample(ctx context.Context, batch string, r *CanaryRequest) error {
	b, err := s.Batch(ctx, batch)
	if err != nil {
		return err
	}
	log := s.c.Log.Info().Str("batch", batch)
	if !r.wants(&b) {
		if t := b.Control.Trial; t.State != queue.TrialRunning && !t.Holds() && r.Asked.After(t.Asked) {
			log.Str("canary", string(t.State)).Msg("the batch has had its canary sample, so the rest is sent; --canary-again sends another sample first")
		}
		return nil
	}
	chosen := sample.New(batch)
	err = queue.Entries(ctx, s, batch, queue.Filter{State: queue.Pending}, func(e *queue.Entry) error {
		chosen.Add(&e.Item)
		return nil
	})
	if err != nil {
		return causeOf(ctx, err)
	}
	t := queue.Trial{State: queue.TrialRunning, Asked: r.Asked.UTC(), Version: 1, Seqs: chosen.Choose(r.Size)}
	if t.Size = len(t.Seqs); t.Size == 0 {
		return nil
	}
	t.MaxFailed = r.mayFail(t.Size)
	if err := s.controlBatch(ctx, batch, func(c *queue.BatchControl) { c.Trial = &t }); err != nil {
		return err
	}
	log.Int("items", t.Size).Int("may_fail", t.MaxFailed).Msg("a canary sample goes first: the rest is sent once AiR has completed it")
	return nil
}

// CanaryStatus is how the canary sample of a batch stands.
type CanaryStatus struct {
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

// canaryOf returns how the sample of a batch stands as it is stored; nil: there is none.
func canaryOf(t *queue.Trial) *CanaryStatus {
	if t == nil {
		return nil
	}
	c := &CanaryStatus{State: t.State, Size: t.Size, MaxFailed: t.MaxFailed, Completed: t.Completed, Failed: t.Failed, Text: t.Text}
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
func (c *CanaryStatus) addRun(p trial.Progress) {
	c.Size, c.Completed, c.Failed, c.Open, c.Unsent, c.Text = p.Size, p.Completed, p.Failed, p.Open, p.Unsent, p.String()
}

// addCanary adds to the status of a batch what a run knows of its sample, and says if the rest waits for it.
func (s *Status) addCanary(run *worker.Snapshot) {
	if s.Canary == nil {
		return
	}
	if run != nil {
		if p, is := run.Trials[s.Batch]; is {
			s.Canary.addRun(p)
		}
	}
	if s.Canary.State == queue.TrialRunning && s.Reason == "" || s.Canary.State == queue.TrialFailed && s.State == string(worker.Idle) {
		s.Reason = s.Canary.Text
	}
}

// awaitsCanary reports whether the canary sample is under way.
func (s *Status) awaitsCanary() bool { return s.Canary != nil && s.Canary.State == queue.TrialRunning }

// OpenOverview is how many of the account's jobs are unfinished at AiR.
type OpenOverview struct {
	Jobs int64 `json:"jobs"`
	// Most is --max-open.
	Most int64 `json:"most"`
	// Unknown says that the jobs of earlier runs are being counted, and Trouble why AiR cannot be asked which jobs have ended.
	Unknown bool   `json:"unknown,omitempty"`
	Trouble string `json:"trouble,omitempty"`
}

// openOf returns what a run knows of open jobs; nil: they are not limited.
func openOf(p *worker.Snapshot) *OpenOverview {
	if p.Open.Most == 0 {
		return nil
	}
	return &OpenOverview{Jobs: p.Open.Open, Most: p.Open.Most, Unknown: p.Open.Unknown, Trouble: p.Open.Trouble}
}

// String says it in a few words.
func (o *OpenOverview) String() string {
	text := fmt.Sprintf("open jobs (%d of %d at AiR)", o.Jobs, o.Most)
	switch {
	case o.Trouble != "":
		text += "; which of them have ended is not known: " + o.Trouble
	case o.Unknown:
		text = "open jobs: those of earlier runs are counted first (--max-open)"
	}
	return text
}
