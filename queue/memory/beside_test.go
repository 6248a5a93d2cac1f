package memory_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/memory"
	"airlift/queue/queuetest"
)

// pair is a queue in memory beside one in a file, which are given the same operations.
type pair struct {
	*rapid.T
	path   string
	memory *memory.Queue
	file   *bolt.DB
	jobs   int
}

var batches = []string{"a", "b"}

// TestBesideAFile works on both engines at random: they give the same answers and show the same state.
func TestBesideAFile(t *testing.T) {
	dir, n := inMemory(t), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		p := &pair{T: t, path: filepath.Join(dir, fmt.Sprint(n, ".db")), memory: memory.New()}
		p.open()
		defer func() { p.file.Close() }()
		for _, id := range batches {
			p.both("create", func(s queue.Store) (any, error) {
				return nil, s.CreateBatch(t.Context(), queue.Batch{ID: id, Created: time.Unix(1, 0)})
			})
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": p.add, "add more": p.add, "trial": p.add, "reading": p.reading, "exchange": p.exchange, "exchange more": p.exchange, "claim": p.exchange,
			"change": p.change, "adopt": p.adopt, "set": p.set, "ask": p.ask, "reopen": p.reopen,
			"": func(t *rapid.T) { p.T = t; p.compare() },
		})
	})
}

// inMemory returns a folder for files whose syncs cost nothing, where there is one.
func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "airlift-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (p *pair) open() {
	var err error
	if p.file, err = bolt.Open(p.path, bolt.Options{}); err != nil {
		p.Fatal(err)
	}
}

func (p *pair) reopen(t *rapid.T) {
	if err := p.file.Close(); err != nil {
		t.Fatal(err)
	}
	p.open()
	p.memory = p.memory.Reopen()
}

// both gives both engines one operation and compares what comes of it.
func (p *pair) both(what string, do func(s queue.Store) (any, error)) {
	p.Helper()
	one, err := do(p.memory)
	other, otherErr := do(p.file)
	for _, is := range []error{queue.ErrBatchNotFound, queue.ErrBatchExists, queue.ErrNameFixed, queue.ErrDailyLimit} {
		if errors.Is(err, is) != errors.Is(otherErr, is) {
			p.Fatalf("%s: got error %v in memory and %v in the file", what, err, otherErr)
		}
	}
	if (err == nil) != (otherErr == nil) {
		p.Fatalf("%s: got error %v in memory and %v in the file", what, err, otherErr)
	}
	if err != nil && !errors.Is(err, queue.ErrDailyLimit) {
		return
	}
	if got, want := fmt.Sprintf("%+v", one), fmt.Sprintf("%+v", other); got != want {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		at = max(0, at-200)
		p.Fatalf("%s:\n in memory ...%.500s\nin the file ...%.500s", what, got[at:], want[at:])
	}
}

// compare compares all that both show.
func (p *pair) compare() {
	ctx := p.Context()
	p.both("batches", func(s queue.Store) (any, error) {
		all, err := s.Batches(ctx)
		for i := range all {
			b := &all[i]
			if !b.Counts.Balanced() || !b.Reading.Balanced() {
				p.Errorf("the books do not balance: %+v", b)
			}
			for _, at := range []*time.Time{&b.Reading.Started, &b.Reading.Ended} {
				if !at.IsZero() {
					*at = time.Unix(1, 0)
				}
			}
			for j := range b.Additions {
				b.Additions[j].Started = time.Time{}
			}
			if len(b.Reading.SkippedBy) == 0 {
				b.Reading.SkippedBy = nil
			}
		}
		return all, err
	})
	for _, id := range batches {
		p.both("entries", func(s queue.Store) (any, error) {
			var all []queue.Entry
			err := queue.Entries(ctx, s, id, queue.Filter{}, func(e *queue.Entry) error {
				all = append(all, *e)
				all[len(all)-1].At = e.At.UTC()
				return nil
			})
			return all, err
		})
		p.both("rejected", func(s queue.Store) (any, error) {
			var all []queue.Rejected
			err := s.Rejected(ctx, id, func(r queue.Rejected) error { all = append(all, r); return nil })
			return all, err
		})
		p.both("histories", func(s queue.Store) (any, error) { return histories(ctx, s, id) })
		p.both("marks", func(s queue.Store) (any, error) { return s.Marks(ctx, id) })
		p.both("in doubt", func(s queue.Store) (any, error) {
			list, err := s.InDoubt(ctx, id, 1, 5)
			for i := range list {
				list[i].At, list[i].Holder = list[i].At.UTC(), ""
			}
			return list, err
		})
	}
	for day := range queue.Day(4) {
		p.both("account", func(s queue.Store) (any, error) { return s.Account(ctx, queue.DefaultAccount, day) })
	}
}

// histories returns what happened to each item. When a user or a process did something is not compared.
func histories(ctx context.Context, s queue.Store, id string) (all [][]queue.Event, err error) {
	b, err := s.Batch(ctx, id)
	for seq := uint64(0); seq < uint64(b.Counts.Items) && err == nil; seq++ {
		var list []queue.Event
		list, err = s.History(ctx, id, seq)
		for i := range list {
			if k := list[i].Kind; k != queue.Attempted && k != queue.LookedUp && k != queue.Found {
				list[i].At = time.Time{}
			}
		}
		all = append(all, list)
	}
	return all, err
}

// pick draws one of several values, the first of them mostly.
func pick[T any](t *rapid.T, what string, values ...T) T {
	return values[max(0, rapid.IntRange(-2, len(values)-1).Draw(t, what))]
}

func batchOf(t *rapid.T) string { return pick(t, "batch", batches...) }

var key = rapid.Custom(func(t *rapid.T) string {
	return fmt.Sprintf("%s/K%d", pick(t, "folder", "f", "F"), rapid.IntRange(0, 15).Draw(t, "key"))
})

func rows(t *rapid.T) []queue.Item {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) queue.Item {
		it := queue.Item{Line: rapid.Int64Range(1, 99).Draw(t, "line"), Bucket: pick(t, "bucket", "src", "other"), Key: key.Draw(t, "key"),
			Content: queue.Content(rapid.IntRange(0, 3).Draw(t, "content"))}
		it.Name = pick(t, "name", "", "", "", "named")
		it.Own.Priority = pick(t, "priority", 0, 0, 0, 5)
		for i := range rapid.IntRange(0, 2).Draw(t, "columns") {
			it.Extra = append(it.Extra, queue.Field{Name: fmt.Sprint("c", i), Value: pick(t, "value", "v", "")})
		}
		return it
	}), 0, 12).Draw(t, "rows")
}

func (p *pair) add(t *rapid.T) {
	c := queue.Chunk{Items: rows(t), Changed: rapid.Bool().Draw(t, "changed"), Trial: pick(t, "trial", false, false, true)}
	if !c.Trial {
		c.Rejected = pick(t, "rejected", nil, []queue.Rejected{{Line: 7, Reason: "bad"}})
		c.Skipped = pick(t, "skipped", nil, map[string]int64{"type": 2})
		c.Marks = pick(t, "marks", nil, []queue.Mark{{Key: "m", Value: []byte("1")}}, []queue.Mark{{Key: "m"}}, []queue.Mark{{}})
	}
	id := batchOf(t)
	p.both("add", func(s queue.Store) (any, error) {
		return s.Add(t.Context(), id, c)
	})
}

func (p *pair) reading(t *rapid.T) {
	id, resume, end := batchOf(t), rapid.Bool().Draw(t, "resume"), rapid.Bool().Draw(t, "end")
	complete := rapid.Bool().Draw(t, "complete")
	p.both("reading", func(s queue.Store) (any, error) {
		if end {
			return nil, s.EndReading(t.Context(), id, complete)
		}
		return nil, s.BeginReading(t.Context(), id, resume)
	})
}

// instant is one at which something ends.
func instant(t *rapid.T) time.Time {
	return time.Unix(100+rapid.Int64Range(0, 60).Draw(t, "at"), 0).UTC()
}

func (p *pair) jobID(t *rapid.T) string {
	p.jobs++
	return pick(t, "job", fmt.Sprint("job", p.jobs), "shared")
}

func (p *pair) exchange(t *rapid.T) {
	var results []queue.Result
	for _, id := range batches {
		for _, state := range []queue.State{queue.Sending, queue.InDoubt} {
			_ = queuetest.On(p.memory).Entries(t.Context(), id, queue.Filter{State: state}, func(e *queue.Entry) error {
				if rapid.Bool().Draw(t, "answered") {
					res := queue.Result{Batch: id, Seq: e.Seq, To: pick(t, "to", queue.Submitted, queue.Pending, queue.Failed, queue.InDoubt),
						Sent: rapid.Bool().Draw(t, "sent"), Attempted: rapid.Bool().Draw(t, "attempted"), At: instant(t)}
					switch res.To {
					case queue.Submitted:
						res.JobID, res.HTTPStatus = p.jobID(t), pick(t, "status", 0, 201)
					case queue.Pending, queue.InDoubt:
						res.HTTPStatus = pick(t, "status", 0, 0, 502)
					case queue.Failed:
						res.Code, res.HTTPStatus, res.Message = pick(t, "code", "A", "B"), 400, "no"
					}
					res.Duration, res.Lookup = pick(t, "took", 0, time.Microsecond, 250*time.Millisecond, 20*time.Second), pick(t, "lookup", false, false, true)
					res.Refund = res.To != queue.Submitted && pick(t, "refund", false, true)
					results = append(results, res)
				}
				return nil
			})
		}
	}
	if pick(t, "unlawful", false, false, false, false, true) {
		results = append(results, queue.Result{Batch: batchOf(t), Seq: uint64(rapid.IntRange(0, 40).Draw(t, "seq")), To: queue.Failed})
	}
	r := queue.ClaimRequest{Max: rapid.IntRange(0, 6).Draw(t, "max"), Day: queue.Day(rapid.IntRange(1, 2).Draw(t, "day")), DailyLimit: pick[int64](t, "limit", 0, 5, 20)}
	r.Batches = pick(t, "batches", batches, batches[:1], batches[1:])
	if pick(t, "only", false, false, true) {
		r.Only = make([][]uint64, len(r.Batches))
		r.Only[0] = rapid.SliceOfN(rapid.Uint64Range(0, 30), 0, 6).Draw(t, "given")
	}
	p.both("exchange", func(s queue.Store) (any, error) {
		claimed, clashes, err := s.Exchange(t.Context(), results, r)
		for i := range claimed {
			claimed[i].At = claimed[i].At.UTC()
		}
		for i := range clashes {
			for j := range clashes[i].Items {
				clashes[i].Items[j].At = clashes[i].Items[j].At.UTC()
				clashes[i].Items[j].Holder = ""
			}
		}
		return []any{claimed, clashes}, err
	})
}

func (p *pair) change(t *rapid.T) {
	c := queue.Change{Do: pick(t, "do", queue.DoWithdraw, queue.DoRetry, queue.DoCancel, queue.DoReplace)}
	c.State = pick(t, "state", "", "", queue.Failed, queue.Cancelled, queue.InDoubt, queue.Pending)
	c.Code = pick(t, "code", "", "", "A")
	some := rapid.IntRange(0, 15).Draw(t, "keys")
	c.Key = func(key string) bool { return len(key)%3 == some%3 || key == fmt.Sprint("f/K", some) }
	if pick(t, "span", false, true) {
		c.Span = &queue.Span{From: uint64(rapid.IntRange(0, 9).Draw(t, "from")), To: 20}
	}
	if c.Do == queue.DoReplace {
		c.Filter = queue.Filter{}
	}
	id := batchOf(t)
	p.both("change", func(s queue.Store) (any, error) { return s.Change(t.Context(), id, c) })
}

func (p *pair) adopt(t *rapid.T) {
	id := batchOf(t)
	b, err := p.memory.Batch(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	jobs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) queue.Adopted {
		a := queue.Adopted{Seq: uint64(rapid.IntRange(0, 20).Draw(t, "seq")), JobID: p.jobID(t), At: instant(t), Day: queue.Day(rapid.IntRange(0, 2).Draw(t, "day"))}
		if a.Seq >= uint64(b.Counts.Items) {
			a.Seq = 999 // not an item that the adoption makes
		}
		switch pick(t, "kind", 0, 1, 2) {
		case 1:
			a.Version = uint64(rapid.IntRange(1, 4).Draw(t, "version"))
		case 2:
			a.Unsourced = &queue.Item{Bucket: "src", Key: key.Draw(t, "key"), Name: pick(t, "name", "", "by hand")}
		}
		return a
	}), 0, 4).Draw(t, "jobs")
	p.both("adopt", func(s queue.Store) (any, error) { return s.Adopt(t.Context(), id, jobs) })
}

func (p *pair) set(t *rapid.T) {
	ctx, id := t.Context(), batchOf(t)
	adoption := queue.Adoption(rapid.IntRange(0, 2).Draw(t, "adoption"))
	name := pick(t, "name", "", "{stem}")
	day := queue.Day(rapid.IntRange(1, 3).Draw(t, "day"))
	gate := queue.Gate{Pauses: rapid.IntRange(0, 3).Draw(t, "pauses"), Reason: pick(t, "reason", "", "cap")}
	p.both("create", func(s queue.Store) (any, error) { return nil, s.CreateBatch(ctx, queue.Batch{ID: id}) })
	p.both("adoption", func(s queue.Store) (any, error) { return nil, s.SetAdoption(ctx, id, adoption) })
	p.both("settings", func(s queue.Store) (any, error) { return nil, s.SetSettings(ctx, id, queue.Settings{Name: name}) })
	p.both("capped", func(s queue.Store) (any, error) {
		return nil, s.Observe(ctx, queue.DefaultAccount, queue.Observation{Kind: queue.SeenCap, At: day.Start()})
	})
	p.both("gate", func(s queue.Store) (any, error) { return nil, s.SetGate(ctx, queue.DefaultAccount, gate) })
	share := rapid.IntRange(-1, 3).Draw(t, "share")
	p.both("control", func(s queue.Store) (any, error) {
		return nil, errors.Join(s.SetControl(ctx, queue.DefaultAccount, queue.Control{Workers: share}), s.SetBatchControl(ctx, id, queue.BatchControl{Share: share}))
	})
	p.both("server", func(s queue.Store) (any, error) {
		return nil, s.SetServer(ctx, queue.DefaultAccount, queue.Server{Address: gate.Reason})
	})
}

func (p *pair) ask(t *rapid.T) {
	ctx, id, items, changed := t.Context(), pick(t, "batch", "a", "b", "none"), rows(t), rapid.Bool().Draw(t, "changed")
	p.both("has", func(s queue.Store) (any, error) { return s.Has(ctx, id, items, changed) })
	p.both("sent", func(s queue.Store) (any, error) {
		sent, alike, err := s.Sent(ctx, id, items, changed)
		return []any{sent, alike}, err
	})
	p.both("sent elsewhere", func(s queue.Store) (any, error) {
		batch, n, err := queue.SentElsewhere(ctx, s, id, items)
		return []any{batch, n}, err
	})
	o := queue.Object{Bucket: "src", Key: key.Draw(t, "key"), Version: uint64(rapid.IntRange(0, 3).Draw(t, "version"))}
	p.both("find", func(s queue.Store) (any, error) {
		e, found, err := s.Find(ctx, id, o)
		e.At = e.At.UTC()
		return []any{e, found}, err
	})
}
