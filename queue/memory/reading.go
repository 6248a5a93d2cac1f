package memory

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"airlift/queue"
)

// BeginReading implements [queue.Intake].
func (q *Queue) BeginReading(ctx context.Context, id string, resume bool) error {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	if resume {
		if err := b.Reading.Resume(); err != nil {
			return fmt.Errorf("resume reading: %w", err)
		}
		b.since, b.whole = b.base, false
		return nil
	}
	b.Reading = queue.Reading{Number: b.Reading.Number + 1, Started: time.Now().UTC().Round(0)}
	b.base, b.rejected = b.len(), nil
	clear(b.marks)
	b.seen, b.since, b.whole = nil, math.MaxUint64, true
	return nil
}

// EndReading implements [queue.Intake].
func (q *Queue) EndReading(ctx context.Context, id string, complete bool) error {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	b.Reading.Ended, b.Reading.Complete = time.Now().UTC().Round(0), complete
	if complete {
		clear(b.marks)
	}
	return nil
}

// division is the result of splitting a chunk into known and new rows.
type division struct {
	queue.Added
	isNew   []bool
	n       uint64                    // of new items
	version map[int]uint64            // of changed objects' further items, by row
	altered map[uint64]*queue.History // of changed objects, by first item
	seen    []uint64                  // first items of known objects, first seen in this chunk
	named   []int64                   // see queue.Added.Seen
}

// splitRows splits the known rows from the new ones. It changes nothing. On trial a reading begins with the rows.
func (b *batch) splitRows(rows []queue.Item, changed, trial bool) (*division, error) {
	s := &division{isNew: make([]bool, len(rows)), named: slices.Repeat([]int64{-1}, len(rows)), version: map[int]uint64{}, altered: map[uint64]*queue.History{}}
	alike, err := b.alikes()
	if err != nil {
		return nil, err
	}
	fresh := make(map[queue.Object]int, len(rows)) // rows of new objects
	spelled := map[queue.Object]queue.Entry{}      // unsourced items whose jobs may be those of new objects
	met := map[uint64]bool{}
	for i := range rows {
		it := &rows[i]
		o := queue.Object{Bucket: it.Bucket, Key: it.Key}
		if first, again := fresh[o]; again {
			s.repeated(it, &rows[first], true)
			continue
		}
		if first, known := b.find(it.Bucket, it.Key); known {
			have := b.at(first)
			seen := met[first] || !trial && (b.seen.Has(first) || first >= b.since && !have.Unsourced)
			if s.repeated(it, &have, seen) {
				continue
			}
			met[first] = true
			s.seen, s.named[i] = append(s.seen, first), int64(first)
			if changed && b.compare(s, first, i, it.Content) {
				s.isNew[i] = true
				s.n++
			} else {
				s.Known++
			}
			continue
		}
		e, may := spelled[o]
		if !may {
			e, may = alike.of(it)
		}
		if may {
			spelled[o] = e
			s.reject(it, queue.AlikeReason(b.ID, &e))
			continue
		}
		fresh[o] = i
		s.isNew[i] = true
		s.n++
	}
	s.Added.Added = int(s.n)
	return s, nil
}

// repeated counts a row of an existing object as conflict or duplicate. It returns false if the row is the object's first in this reading and agrees.
func (s *division) repeated(it, have *queue.Item, seen bool) bool {
	switch {
	case !have.Unsourced && !(have.Name == it.Name && have.Own.Equal(it.Own)):
		s.reject(it, queue.OtherFieldsReason(have))
	case seen:
		s.Duplicates++
	default:
		return false
	}
	return true
}

func (s *division) reject(it *queue.Item, reason string) {
	s.Conflicts = append(s.Conflicts, queue.Rejected{Line: it.Line, Bucket: it.Bucket, Key: it.Key, Extra: it.Extra, Reason: reason})
}

// compare compares the contents of a row with those of its object's items, and reports whether the object needs a further item.
func (b *batch) compare(s *division, first uint64, row int, found queue.Content) bool {
	h := b.historyOf(first)
	is, altered, _ := h.Compare(first, found, b.mayHaveJob)
	if altered || is == queue.ContentsNew {
		s.altered[first] = &h
	}
	switch is {
	case queue.CannotTell:
		s.Unsure++
	case queue.ContentsNew:
		s.version[row] = h.Add(b.len()+s.n, found)
	}
	return is == queue.ContentsNew
}

// Add implements [queue.Intake].
func (q *Queue) Add(ctx context.Context, id string, c queue.Chunk) (queue.Added, error) {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return queue.Added{}, err
	}
	defer unlock()
	for _, m := range c.Marks {
		if err := m.Validate(); err != nil {
			return queue.Added{}, fmt.Errorf("add to batch %q: %w", id, err)
		}
	}
	s, err := b.splitRows(c.Items, c.Changed, c.Trial)
	if err != nil {
		return queue.Added{}, err
	}
	if c.Trial {
		s.IsNew, s.Seen = s.isNew, s.named
		return s.Added, nil
	}
	for _, first := range s.seen {
		some := false
		for _, seq := range b.all(first) {
			if r := b.record(seq); r.Withdrawn {
				step, err := b.RestoreStep(seq, r)
				if err != nil {
					return queue.Added{}, err
				}
				some = true
				if err := q.apply(b, step); err != nil {
					return queue.Added{}, err
				}
			}
		}
		if some {
			s.Restored++
		}
		b.seen.Add(first)
	}
	for seq := b.len(); seq < b.len()+s.n; seq++ {
		b.seen.Add(seq)
	}
	q.grow(b, s.newItems(c.Items), s.altered, true)
	for _, m := range c.Marks {
		if b.marks[m.Key] = slices.Clone(m.Value); m.Value == nil {
			delete(b.marks, m.Key)
		}
	}
	b.rejected = append(append(b.rejected, c.Rejected...), s.Conflicts...)
	rows := c.Counts(&s.Added)
	b.Reading.AddRows(&rows)
	return s.Added, nil
}

// newItems returns the new items of the rows, with their versions.
func (s *division) newItems(rows []queue.Item) []queue.Item {
	if int(s.n) == len(rows) && len(s.version) == 0 {
		return rows
	}
	items := make([]queue.Item, 0, s.n)
	for i := range rows {
		if s.isNew[i] {
			items = append(items, rows[i])
			items[len(items)-1].Version = s.version[i]
		}
	}
	return items
}

// grow adds items and histories. The items belong to the present reading if read is set.
func (q *Queue) grow(b *batch, added []queue.Item, histories map[uint64]*queue.History, read bool) {
	var totals queue.Totals
	totals.Add(added)
	b.AddItems(&totals, read)
	for _, it := range added {
		b.add(it)
	}
	for first, h := range histories {
		b.history[first] = h
	}
	if len(added) > 0 {
		q.wake()
	}
}

// Has implements [queue.Intake].
func (q *Queue) Has(ctx context.Context, id string, rows []queue.Item, changed bool) ([]bool, error) {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	defer unlock()
	s, err := b.splitRows(rows, changed, false)
	if err != nil {
		return nil, err
	}
	added := map[queue.Object]bool{}
	for i := range rows {
		if s.isNew[i] {
			added[queue.Object{Bucket: rows[i].Bucket, Key: rows[i].Key}] = true
		}
	}
	has := make([]bool, len(rows))
	for i := range rows {
		has[i] = !added[queue.Object{Bucket: rows[i].Bucket, Key: rows[i].Key}]
	}
	return has, nil
}

// Sent implements [queue.Intake].
func (q *Queue) Sent(ctx context.Context, id string, rows []queue.Item, changed bool) (sent []bool, alike []string, err error) {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	list, err := b.alikes()
	if err != nil {
		return nil, nil, err
	}
	sent, alike = make([]bool, len(rows)), make([]string, len(rows))
	for i := range rows {
		if e, may := list.of(&rows[i]); may {
			alike[i] = queue.AlikeReason(id, &e)
		}
		if first, known := b.find(rows[i].Bucket, rows[i].Key); known {
			h, content := b.historyOf(first), queue.Content(0)
			if changed {
				content = rows[i].Content
			}
			if sent[i], err = h.AnySent(first, content, b.mayHaveJob); err != nil {
				return nil, nil, err
			}
		}
	}
	return sent, alike, nil
}

// alikes are the unsourced items whose jobs may belong to objects in another spelling, by normalized object and job name.
type alikes struct {
	names queue.Namer
	list  map[queue.Object]queue.Entry
}

// alikes returns those of a batch.
func (b *batch) alikes() (a alikes, err error) {
	if b.Unsourced == 0 {
		return a, nil
	}
	if a.names, err = queue.NewNamer(b.Batch); err != nil {
		return a, err
	}
	a.list = map[queue.Object]queue.Entry{}
	for seq := range b.len() {
		if it := b.at(seq); it.Unsourced && !a.names.Proves(&it) {
			for _, key := range a.names.Spellings(&it) {
				if _, taken := a.list[key]; !taken {
					a.list[key] = b.entry(seq)
				}
			}
		}
	}
	return a, nil
}

// of returns the unsourced item whose job may be that of a row.
func (a alikes) of(it *queue.Item) (queue.Entry, bool) {
	if len(a.list) > 0 {
		for _, key := range a.names.Spellings(it) {
			if e, found := a.list[key]; found {
				return e, true
			}
		}
	}
	return queue.Entry{}, false
}
