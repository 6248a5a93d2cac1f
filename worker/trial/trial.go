package trial

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/joblist"
)

// Trial is a sample that is running. It is safe for concurrent use.
type Trial struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	set   queue.Trial
	items []*item // in order of Seq
}

// item is an item of the sample.
type item struct {
	seq   uint64
	key   string
	stage stage
	job   string // its job's id, once there is one
	at    time.Time
	// Of one that failed.
	code, message string
	atAiR         bool // AiR has accepted its job
}

type stage int

const (
	pending   stage = iota // it can be claimed
	sending                // claimed, being sent, or in doubt
	open                   // AiR has its job
	completed              // AiR has completed its job
	failed
)

// New returns a running trial as it is stored, with its items as they are stored now.
func New(set queue.Trial, items []queue.Entry) *Trial {
	t := &Trial{set: set}
	for i := range items {
		e := &items[i]
		one := &item{seq: e.Seq, key: e.Key}
		if one.record(&e.Record) {
			t.items = append(t.items, one)
		}
	}
	return t
}

// record sets the stage of an item from its record, and reports whether it is part of the sample.
func (i *item) record(r *queue.Record) bool {
	i.at = r.At
	switch r.State {
	case queue.Pending:
		i.stage = pending
	case queue.Submitted:
		i.stage, i.job = open, r.JobID
	case queue.Failed:
		i.fail(r.Code, r.Message)
	case queue.Cancelled:
		return false
	default:
		i.stage = sending
		if joblist.IsFinal(r.Code) {
			i.fail(r.Code, r.Message)
		}
	}
	return true
}

func (i *item) fail(code, message string) { i.stage, i.code, i.message = failed, code, message }

// Has reports whether the sample has an item.
func (t *Trial) Has(seq uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.find(seq) != nil
}

// find returns an item; nil: it is not part of the sample. The caller holds mu.
func (t *Trial) find(seq uint64) *item {
	at, found := slices.BinarySearchFunc(t.items, seq, func(i *item, seq uint64) int { return cmp.Compare(i.seq, seq) })
	if !found {
		return nil
	}
	return t.items[at]
}

// Pending returns the items that can be claimed; none once the sample is sure to fail.
func (t *Trial) Pending() []uint64 {
	seqs := []uint64{}
	if p := t.Progress(); p.Failed > p.MaxFailed {
		return seqs
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range t.items {
		if i.stage == pending {
			seqs = append(seqs, i.seq)
		}
	}
	return seqs
}

// Claimed notes that an item was claimed.
func (t *Trial) Claimed(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.find(seq); i != nil && i.stage == pending {
		i.stage = sending
	}
}

// Refresh takes the items that can be claimed as they are stored now: others may have changed them.
func (t *Trial) Refresh(items []queue.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n := range items {
		if i := t.find(items[n].Seq); i != nil && i.stage == pending && !i.record(&items[n].Record) {
			t.items = slices.DeleteFunc(t.items, func(other *item) bool { return other == i })
		}
	}
}

// Store takes a result that was stored.
func (t *Trial) Store(r *queue.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(r.Seq)
	if i == nil || i.stage == completed || i.stage == failed {
		return
	}
	i.record(&queue.Record{State: r.To, JobID: r.JobID, Code: r.Code, Message: r.Message, At: r.At})
}

// End takes the end of a job, and reports whether it is one of the sample's.
func (t *Trial) End(job, status string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range t.items {
		if i.job != job || i.stage != open {
			continue
		}
		i.atAiR = true
		switch status {
		case air.StatusCompleted:
			i.stage = completed
		case air.StatusFailed:
			i.fail("", "AiR failed the job")
		case air.StatusCancelled:
			i.fail("", "the job was cancelled at AiR")
		default:
			i.fail("", "AiR no longer has the job")
		}
		return true
	}
	return false
}

// Explain sets the code for which AiR has failed a job.
func (t *Trial) Explain(job, code string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range t.items {
		if i.job == job && i.stage == failed {
			i.code = code
		}
	}
}

// Job is a job of the sample.
type Job struct {
	ID string
	At time.Time
}

// Open returns the jobs that AiR has not ended.
func (t *Trial) Open() []Job { return t.jobs(func(i *item) bool { return i.stage == open }) }

// Unexplained returns the jobs that AiR has failed and of which no code is known.
func (t *Trial) Unexplained() []Job {
	return t.jobs(func(i *item) bool { return i.stage == failed && i.atAiR && i.code == "" })
}

func (t *Trial) jobs(is func(*item) bool) (all []Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range t.items {
		if is(i) {
			all = append(all, Job{i.job, i.at})
		}
	}
	return all
}

// Progress is how far a sample has come.
type Progress struct {
	// Size is the number of items; each of them is one of the others.
	Size, Completed, Failed, Open, Unsent int
	// MaxFailed is how many may fail.
	MaxFailed int
}

// String says it in a few words.
func (p Progress) String() string {
	text := fmt.Sprintf("canary sample: %d of %d completed, %d failed, %d open", p.Completed, p.Size, p.Failed, p.Open)
	if p.Unsent > 0 {
		text += fmt.Sprintf(", %d not sent yet", p.Unsent)
	}
	return text
}

// Text says in a few words how far samples have come, by batch.
func Text(all map[string]Progress) string {
	if len(all) > 1 {
		return fmt.Sprintf("the canary samples of %d batches are awaited", len(all))
	}
	for _, p := range all {
		return p.String()
	}
	return ""
}

// Progress returns how far it has come.
func (t *Trial) Progress() Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := Progress{Size: len(t.items), MaxFailed: t.set.MaxFailed}
	for _, i := range t.items {
		switch i.stage {
		case completed:
			p.Completed++
		case failed:
			p.Failed++
		case pending:
			p.Unsent++
		default:
			p.Open++
		}
	}
	return p
}

// Decided reports whether the trial has passed or failed; [queue.TrialRunning]: it is not decided.
func (t *Trial) Decided() queue.TrialState {
	switch p := t.Progress(); {
	case p.Open > 0, p.Unsent > 0 && p.Failed <= p.MaxFailed:
		return queue.TrialRunning
	case p.Failed > p.MaxFailed:
		return queue.TrialFailed
	}
	return queue.TrialPassed
}
