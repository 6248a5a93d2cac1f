package powerloss_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/bolt/powerloss"
	"airlift/queue/queuetest"
)

// ledger is what a batch and its account are after some steps.
type ledger struct {
	created  bool
	items    []change
	gate     queue.Gate
	reading  queue.Reading
	priority int
	day      queue.DayCount
}

func (l ledger) after(s step) ledger {
	l.created = true
	l.items = slices.Clone(l.items)
	for _, c := range s.Items {
		if c.Seq == len(l.items) {
			l.items = append(l.items, change{})
		}
		l.items[c.Seq] = c
		if c.State == queue.Submitted {
			l.day.Submitted++
		}
	}
	l.day.Claimed += int64(s.Claimed)
	if s.Gate != nil {
		l.gate = *s.Gate
	}
	if s.Reading != nil {
		l.reading = *s.Reading
	}
	if s.Priority != 0 {
		l.priority = s.Priority
	}
	return l
}

// history is all that was ever acknowledged, by place in the log.
type history struct {
	opened  int // place of the first acknowledgement: from there on the queue must be there
	batches [workers][]dated
}

// dated is a ledger that was acknowledged at that place; the first is empty, at 0.
type dated struct {
	at int
	ledger
}

func newHistory(acks []powerloss.Ack) (*history, error) {
	h := &history{opened: -1}
	for w := range h.batches {
		h.batches[w] = []dated{{}}
	}
	for _, a := range acks {
		var s step
		if err := json.Unmarshal(a.Line, &s); err != nil {
			return nil, fmt.Errorf("acknowledgement %q: %w", a.Line, err)
		}
		if s.Worker < 0 {
			if h.opened < 0 {
				h.opened = a.At
			}
			continue
		}
		list := &h.batches[s.Worker]
		*list = append(*list, dated{a.At, (*list)[len(*list)-1].after(s)})
	}
	return h, nil
}

// at returns what a batch may be after a power loss at a place: what was acknowledged last before it, or what was under
// way then.
func (h *history) at(worker, place int) []ledger {
	list := h.batches[worker]
	n := 1
	for n < len(list) && list[n].at < place {
		n++
	}
	may := []ledger{list[n-1].ledger}
	if n < len(list) {
		may = append(may, list[n].ledger)
	}
	return may
}

// differs says how a batch in the queue differs from its ledger; empty: not at all.
func (l ledger) differs(ctx context.Context, db *bolt.DB, worker int) (string, error) {
	b, err := db.Batch(ctx, batchID(worker))
	if err != nil {
		if l.created {
			return "it is gone", nil
		}
		return "", nil
	}
	if !l.created {
		return "it is there", nil
	}
	var problems []string
	note := func(what string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			problems = append(problems, fmt.Sprintf("%s: got %v, want %v", what, got, want))
		}
	}
	counts := queue.Counts{Items: int64(len(l.items))}
	for _, c := range l.items {
		*counts.Of(queue.Recover(queue.Record{State: c.State}).State)++
	}
	note("counts", b.Counts, counts)
	note("priority", b.Settings.Priority, l.priority)
	r := b.Reading
	note("rows, added, known, duplicates, rejected, complete", []any{r.Rows, r.Added, r.Known, r.Duplicates, r.Rejected, r.Complete},
		[]any{l.reading.Rows, l.reading.Added, l.reading.Known, l.reading.Duplicates, l.reading.Rejected, l.reading.Complete})
	gate, err := queuetest.On(db).Gate(ctx, account(worker))
	if err != nil {
		return "", err
	}
	note("gate", gate, l.gate)
	used, err := queuetest.On(db).Day(ctx, account(worker), day)
	if err != nil {
		return "", err
	}
	note("day", used, l.day)
	n := 0
	err = queuetest.On(db).Entries(ctx, batchID(worker), queue.Filter{}, func(e *queue.Entry) error {
		if n < len(l.items) && len(problems) < 10 {
			want := l.items[n]
			want.State = queue.Recover(queue.Record{State: want.State}).State
			note("item", change{int(e.Seq), e.State, e.JobID}, want)
			note("key", e.Key, itemKey(worker, n))
		}
		n++
		return nil
	})
	note("items", n, len(l.items))
	if problems == nil {
		return "", err
	}
	return fmt.Sprint(problems), err
}
