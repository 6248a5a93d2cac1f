package powerloss_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/queuetest"
)

const (
	workers = 3
	day     = queue.Day(20_000)
	// maxItems keeps a batch small, so that an image is made and read quickly.
	maxItems = 900
)

func batchID(worker int) string { return fmt.Sprintf("batch-%d", worker) }
func account(worker int) string { return fmt.Sprintf("account-%d", worker) }
func itemKey(worker int, seq int) string {
	return fmt.Sprintf("reel-%d/%03d/clip-%05d.mov", worker, seq/100, seq)
}

// step is what a worker acknowledges: what its batch and its account are from then on, as it understands what it asked for
// and was told.
type step struct {
	Worker  int         `json:"w"`
	Op      string      `json:"op"`
	Add     int         `json:"add,omitempty"`
	Items   []change    `json:"items,omitempty"`
	Claimed int         `json:"claimed,omitempty"` // on the daily count
	Gate    *queue.Gate `json:"gate,omitempty"`
	// Reading and Priority, if given, replace what was.
	Reading  *queue.Reading `json:"reading,omitempty"`
	Priority int            `json:"priority,omitempty"`
}

// change is the new state of an item.
type change struct {
	Seq   int         `json:"n"`
	State queue.State `json:"s"`
	JobID string      `json:"j,omitempty"`
}

// workload is the program that is recorded: the test binary itself, run again with the phase in its environment.
func workload(p phase, path string, seed uint64) error {
	ctx := context.Background()
	runtime.LockOSThread() // strace counts calls by thread
	if p.name == "compact" {
		if _, _, err := bolt.Compact(path, bolt.Options{}); err != nil {
			return err
		}
		return acknowledge(step{Worker: -1, Op: "compact"})
	}
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	if err := acknowledge(step{Worker: -1, Op: "open"}); err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make([]error, workers)
	for i := range workers {
		w := &worker{number: i, db: db, rng: rand.New(rand.NewPCG(seed, uint64(i))), todo: p.steps}
		all.Go(func() { errs[i] = w.run(ctx) })
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("worker %d: %w", i, err)
		}
	}
	if p.name == "crash" {
		return nil // without Close, with items still sending
	}
	return db.Close()
}

// acknowledge says, in one write, that something is durable.
func acknowledge(s step) error {
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(line, '\n'))
	return err
}

// worker changes a batch of its own, one step after another, beside the others.
type worker struct {
	number  int
	db      *bolt.DB
	rng     *rand.Rand
	items   []queue.State
	reading queue.Reading
	met     map[int]bool // in this reading
	todo    int          // steps to take
	steps   int          // steps taken
	jobs    int
}

func (w *worker) run(ctx context.Context) error {
	id := batchID(w.number)
	if _, err := w.db.Batch(ctx, id); err != nil {
		if err := w.db.CreateBatch(ctx, queue.Batch{ID: id, Account: account(w.number)}); err != nil {
			return err
		}
		if err := acknowledge(step{Worker: w.number, Op: "create"}); err != nil {
			return err
		}
	}
	if err := queuetest.On(w.db).Entries(ctx, id, queue.Filter{}, func(e *queue.Entry) error {
		w.items = append(w.items, e.State)
		return nil
	}); err != nil {
		return err
	}
	w.jobs = w.rng.IntN(1 << 30)
	for w.steps = range w.todo {
		s, err := w.step(ctx, id)
		if err != nil {
			return fmt.Errorf("step %d: %s: %w", w.steps, s.Op, err)
		}
		for _, c := range s.Items {
			w.items[c.Seq] = c.State
		}
		s.Worker = w.number
		if err := acknowledge(s); err != nil {
			return err
		}
	}
	return nil
}

// step takes one step, which is one commit.
func (w *worker) step(ctx context.Context, id string) (step, error) {
	if w.steps == 0 {
		w.met, w.reading = map[int]bool{}, queue.Reading{}
		return step{Op: "begin", Reading: &queue.Reading{}}, w.db.BeginReading(ctx, id, false)
	}
	switch n := w.rng.IntN(20); {
	case n < 5 && len(w.items) < maxItems:
		return w.add(ctx, id)
	case n < 10:
		return w.claim(ctx, id)
	case n < 15:
		return w.finish(ctx, id)
	case n == 15:
		g := queue.Gate{Stopped: w.rng.IntN(2) == 0, Reason: fmt.Sprintf("because %d %d", w.steps, w.rng.IntN(1000))}
		return step{Op: "gate", Gate: &g}, w.db.SetGate(ctx, account(w.number), g)
	case n == 16:
		s := step{Op: "settings", Priority: 1 + w.rng.IntN(10)}
		return s, w.db.SetSettings(ctx, id, queue.Settings{JobFields: queue.JobFields{Priority: s.Priority}})
	case n == 17:
		w.reading.Complete = true
		r := w.reading
		return step{Op: "end", Reading: &r}, w.db.EndReading(ctx, id, true)
	case n == 18:
		s := step{Op: "retry"}
		from := []queue.State{queue.Failed, queue.Cancelled}[w.rng.IntN(2)]
		for seq, state := range w.items {
			if state == from {
				s.Items = append(s.Items, change{Seq: seq, State: queue.Pending})
			}
		}
		n, err := queuetest.On(w.db).Retry(ctx, id, from, queue.Filter{})
		return s, agree(err, n, len(s.Items))
	default:
		s := step{Op: "cancel"}
		tail := fmt.Sprintf("%d.mov", w.rng.IntN(10))
		for seq, state := range w.items {
			if (state == queue.Pending || state == queue.Failed) && strings.HasSuffix(itemKey(w.number, seq), tail) {
				s.Items = append(s.Items, change{Seq: seq, State: queue.Cancelled})
			}
		}
		n, err := queuetest.On(w.db).Cancel(ctx, id, queue.Filter{Key: func(key string) bool { return strings.HasSuffix(key, tail) }})
		return s, agree(err, n, len(s.Items))
	}
}

// add adds new rows, among them some that are known already or come twice, and some that were turned away.
func (w *worker) add(ctx context.Context, id string) (step, error) {
	var c queue.Chunk
	before := len(w.items)
	fresh, old := 1+w.rng.IntN(60), 0
	if before > 0 {
		old = w.rng.IntN(10)
	}
	row := func(seq int) {
		c.Items = append(c.Items, queue.Item{
			Line: int64(len(c.Items)), Bucket: "archive", Key: itemKey(w.number, seq),
			Extra: []queue.Field{{Name: "tag", Value: fmt.Sprintf("%x", seq*7919)}},
		})
		switch {
		case w.met[seq]:
			w.reading.Duplicates++
		case seq < before:
			w.reading.Known++
		default:
			w.reading.Added++
		}
		w.met[seq] = true
	}
	for i := range fresh {
		row(before + i)
	}
	for range old {
		row(w.rng.IntN(before))
	}
	for range w.rng.IntN(3) {
		c.Rejected = append(c.Rejected, queue.Rejected{Line: 7, Reason: "a bad row"})
		w.reading.Rejected++
	}
	w.reading.Rows += int64(len(c.Items) + len(c.Rejected))
	r := w.reading
	s := step{Op: "add", Add: fresh, Reading: &r}
	for i := range fresh {
		w.items = append(w.items, queue.Pending)
		s.Items = append(s.Items, change{Seq: before + i, State: queue.Pending})
	}
	got, err := w.db.Add(ctx, id, c)
	return s, agree(err, int64(got.Added), fresh)
}

func (w *worker) claim(ctx context.Context, id string) (step, error) {
	s := step{Op: "claim"}
	list, err := queuetest.On(w.db).Claim(ctx, w.request(id))
	if err != nil {
		return s, err
	}
	return s, w.took(&s, list, nil)
}

func (w *worker) request(id string) queue.ClaimRequest {
	return queue.ClaimRequest{Batches: []string{id}, Max: 1 + w.rng.IntN(25), Day: day}
}

// took adds to the step what was claimed, of which freed became pending in the same commit.
func (w *worker) took(s *step, list []queue.Claimed, freed map[uint64]bool) error {
	for _, c := range list {
		if got := w.items[c.Seq]; got != queue.Pending && !freed[c.Seq] {
			return fmt.Errorf("item %d was handed out while %s", c.Seq, got)
		}
		s.Items = append(s.Items, change{Seq: int(c.Seq), State: queue.Sending})
	}
	s.Claimed += len(list)
	return nil
}

// finish gives some of what is sending or in doubt its results, and half of the time claims others in the same commit.
func (w *worker) finish(ctx context.Context, id string) (step, error) {
	s := step{Op: "finish"}
	var results []queue.Result
	freed := map[uint64]bool{}
	for seq, state := range w.items {
		if state != queue.Sending && state != queue.InDoubt || w.rng.IntN(3) == 0 || len(results) == 30 {
			continue
		}
		res := queue.Result{Batch: id, Seq: uint64(seq), Attempted: true}
		switch n := w.rng.IntN(10); {
		case n < 6:
			w.jobs++
			res.To, res.JobID, res.HTTPStatus = queue.Submitted, fmt.Sprintf("%032x", w.jobs), 200
		case n < 7:
			res.To, res.HTTPStatus, res.Code, res.Message = queue.Failed, 400, fmt.Sprintf("Code%d", w.rng.IntN(3)), "no good"
		case n < 8:
			res.To, res.Refund = queue.Pending, true
			freed[res.Seq] = true
			s.Claimed--
		default:
			res.To, res.Code = queue.InDoubt, "Timeout"
		}
		results = append(results, res)
		s.Items = append(s.Items, change{seq, res.To, res.JobID})
	}
	if w.rng.IntN(2) == 0 {
		_, err := queuetest.On(w.db).Finish(ctx, results)
		return s, err
	}
	s.Op = "exchange"
	list, _, err := w.db.Exchange(ctx, results, w.request(id))
	if err != nil {
		return s, err
	}
	return s, w.took(&s, list, freed)
}

func agree(err error, got int64, want int) error {
	if err == nil && got != int64(want) {
		err = fmt.Errorf("got %d items, want %d", got, want)
	}
	return err
}
