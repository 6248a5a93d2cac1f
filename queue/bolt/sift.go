package bolt

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"airlift/queue"
)

// sifted says what becomes of each row of a chunk.
type sifted struct {
	base  uint64 // seq of the first new item
	fresh []ref  // the rows of new objects, sorted by hash; once they are numbered, their sequence numbers less base
	isNew []bool // by row
	// seen are the known items whose first row in this reading is in the chunk.
	seen                      []uint64
	known, duplicates, unsure int
	conflicts                 []queue.Rejected
	// changes are the rows of known objects, if their contents are asked for; see compare.
	changed bool
	changes []change
}

// added counts the new items.
func (s *sifted) added() int {
	n := len(s.fresh)
	for i := range s.changes {
		if s.changes[i].is == queue.ContentsNew {
			n++
		}
	}
	return n
}

// conflict is a row that contradicts the item of its object, which is known by its row in this chunk, or else by its seq.
// alike says that it is only alike: an unsourced item whose job may be that of the row's object.
type conflict struct {
	row, first int32
	seq        uint64
	alike      bool
}

// sift tells new rows from known, repeated and contradicting ones, and with changed those of changed objects too. It is
// called with the batch's turn. With note the filter takes the new ones in.
func (db *DB) sift(ctx context.Context, b *batch, items []queue.Item, refs []ref, changed, note bool) (*sifted, error) {
	s := &sifted{
		base: uint64(b.public.Load().Counts.Items), isNew: make([]bool, len(items)), changed: changed,
	}
	if s.base+uint64(len(items)) > maxSeq {
		return nil, fmt.Errorf("a batch has at most %d items", uint64(maxSeq))
	}
	probes, err := db.probe(ctx, b, refs, note)
	if err != nil {
		return nil, err
	}
	unsourced, err := db.loadAlikes(ctx, b)
	if err != nil {
		return nil, err
	}
	if !unsourced.some() && !slices.ContainsFunc(probes, func(p probe) bool { return p.found }) && !repeated(refs) {
		s.fresh = refs // numbered as they are
		for i := range s.isNew {
			s.isNew[i] = true
		}
		return s, nil
	}
	var conflicts []conflict
	s.fresh = make([]ref, 0, len(refs))
	for len(refs) > 0 {
		n := 1
		for n < len(refs) && refs[n].hash == refs[0].hash {
			n++
		}
		same := refs[:n]
		refs = refs[n:]
		if len(probes) > 0 && probes[0].hash == same[0].hash {
			p := probes[0]
			probes = probes[1:]
			if p.found {
				conflicts = s.again(b, p, same, conflicts)
				continue
			}
		}
		if seq, may := unsourced.of(&items[same[0].row]); may {
			for _, r := range same {
				conflicts = append(conflicts, conflict{row: r.row, first: -1, seq: seq, alike: true})
			}
			continue
		}
		s.isNew[same[0].row] = true
		s.fresh = append(s.fresh, same[0])
		for _, r := range same[1:] {
			if r.fp == same[0].fp {
				s.duplicates++
			} else {
				conflicts = append(conflicts, conflict{row: r.row, first: same[0].row})
			}
		}
	}
	if changed {
		if err := db.compare(ctx, b, items, s); err != nil {
			return nil, err
		}
	}
	s.number()
	s.conflicts, err = db.explain(ctx, b, items, conflicts)
	return s, err
}

// repeated reports whether an object comes more than once in sorted rows.
func repeated(refs []ref) bool {
	for i := 1; i < len(refs); i++ {
		if refs[i].hash == refs[i-1].hash {
			return true
		}
	}
	return false
}

// again books the rows of an object that the batch has.
func (s *sifted) again(b *batch, p probe, same []ref, conflicts []conflict) []conflict {
	unsourced := p.fp == anyFields // which no reading has added
	seen := b.adding.seen.has(p.seq) || p.seq >= b.adding.since && !unsourced
	for _, r := range same {
		switch {
		case r.fp != p.fp && !unsourced:
			conflicts = append(conflicts, conflict{row: r.row, first: -1, seq: p.seq})
		case seen:
			s.duplicates++
		default:
			seen = true
			s.known++
			s.seen = append(s.seen, p.seq)
			if s.changed {
				s.changes = append(s.changes, change{row: r.row, first: p.seq})
			}
		}
	}
	return conflicts
}

// number gives the new items their sequence numbers, in the order of the rows, and versions their numbers.
func (s *sifted) number() {
	places := make([]int32, len(s.isNew))
	next := int32(0)
	for row, yes := range s.isNew {
		places[row] = next
		if yes {
			next++
		}
	}
	for i := range s.fresh {
		s.fresh[i].row = places[s.fresh[i].row]
	}
	for i := range s.changes {
		if c := &s.changes[i]; c.is == queue.ContentsNew {
			c.version = c.history.Add(s.base+uint64(places[c.row]), c.content)
		}
	}
}

// freshItems returns the new items in order; the chunk itself, if all are new and none is a version.
func (s *sifted) freshItems(items []queue.Item) []queue.Item {
	if len(s.fresh) == len(items) {
		return items
	}
	versions := map[int32]uint64{}
	for i := range s.changes {
		if c := &s.changes[i]; c.is == queue.ContentsNew {
			versions[c.row] = c.version
		}
	}
	fresh := make([]queue.Item, 0, len(s.fresh)+len(versions))
	for i := range items {
		if s.isNew[i] {
			fresh = append(fresh, items[i])
			fresh[len(fresh)-1].Version = versions[int32(i)]
		}
	}
	return fresh
}

// explain turns contradicting rows into rejected ones, in the order of the rows.
func (db *DB) explain(ctx context.Context, b *batch, items []queue.Item, list []conflict) ([]queue.Rejected, error) {
	slices.SortFunc(list, func(x, y conflict) int { return int(x.row) - int(y.row) })
	var rejected []queue.Rejected
	for part := range slices.Chunk(list, viewRows) {
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			for _, c := range part {
				reason, err := c.reason(b, bk, items)
				if err != nil {
					return err
				}
				it := &items[c.row]
				rejected = append(rejected, queue.Rejected{Line: it.Line, Bucket: it.Bucket, Key: it.Key, Extra: it.Extra, Reason: reason})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rejected, nil
}

// reason says what a row contradicts.
func (c *conflict) reason(b *batch, bk buckets, items []queue.Item) (string, error) {
	const otherFields = "the batch has this object with other fields (line %d)"
	if c.first >= 0 {
		return fmt.Sprintf(otherFields, items[c.first].Line), nil
	}
	it, err := b.item(bk, c.seq)
	if err != nil || !c.alike {
		return fmt.Sprintf(otherFields, it.Line), err
	}
	rec, _, err := current(bk, c.seq)
	return queue.AlikeReason(b.public.Load().ID, &queue.Entry{Item: it, Record: rec.Record}), err
}

// probe looks up what the filter does not rule out, each object once, on all cores. The answer is sorted by hash.
//
// With note the filter takes in what it rules out, while its part of the filter is at hand. If the rows are not stored in
// the end it knows too much, which does no harm: they are looked up and not found.
func (db *DB) probe(ctx context.Context, b *batch, refs []ref, note bool) ([]probe, error) {
	probes := make([]probe, 0, len(refs)/64)
	f := &b.adding.bloom
	for i := range refs {
		if i%fetchAhead == 0 {
			f.fetch(refs[i:min(i+fetchAhead, len(refs))])
		}
		switch h := refs[i].hash; {
		case i > 0 && h == refs[i-1].hash:
		case f.has(h):
			probes = append(probes, probe{hash: h})
		case note:
			f.add(h)
		}
	}
	l, near := b.late.Load(), b.adding.near.Load()
	var mu sync.Mutex
	var failed error
	parallel(len(probes), func(from, to int) {
		if from == to {
			return
		}
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			best, err := lookup(bk, l, near, probes[from:to])
			b.adding.near.Store(best)
			return err
		})
		if err != nil {
			mu.Lock()
			failed = err
			mu.Unlock()
		}
	})
	return probes, failed
}
