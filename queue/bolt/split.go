package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// split is a chunk split into new and known rows.
type split struct {
	base  uint64      // seq of the first new item
	rows  []index.Row // all of the chunk
	fresh []index.Row // those of new objects; once they are numbered, N is the sequence number less base
	isNew []bool      // by row
	// seen are the known items whose first row in this reading is in the chunk.
	seen                      []uint64
	known, duplicates, unsure int
	conflicts                 []queue.Rejected
	// changes are the rows of known objects, if their contents are asked for; see compare.
	changed bool
	changes []change
}

// added counts the new items.
func (s *split) added() int {
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

// split tells new rows from known, repeated and contradicting ones, and with changed those of changed objects too. The
// caller has the batch's intake.
func (db *DB) split(ctx context.Context, b *batch, items []queue.Item, rows []index.Row, changed bool) (*split, error) {
	s := &split{
		base: uint64(b.public.Load().Counts.Items), rows: rows, isNew: make([]bool, len(items)), changed: changed,
	}
	if s.base+uint64(len(items)) > index.MaxSeq {
		return nil, fmt.Errorf("a batch has at most %d items", uint64(index.MaxSeq))
	}
	found, err := b.index.LookupNew(ctx, s.rows)
	if err != nil {
		return nil, err
	}
	unsourced, err := db.loadAlikes(ctx, b)
	if err != nil {
		return nil, err
	}
	if !unsourced.some() && len(found) == 0 && !index.Repeated(s.rows) {
		s.fresh = s.rows // numbered as they are
		for i := range s.isNew {
			s.isNew[i] = true
		}
		return s, nil
	}
	var conflicts []conflict
	s.fresh = make([]index.Row, 0, len(s.rows))
	for same, match := range index.Objects(s.rows, found) {
		if match != nil {
			conflicts = s.addKnown(b, match, same, conflicts)
			continue
		}
		if seq, may := unsourced.of(&items[same[0].N]); may {
			for _, r := range same {
				conflicts = append(conflicts, conflict{row: r.N, first: -1, seq: seq, alike: true})
			}
			continue
		}
		s.isNew[same[0].N] = true
		s.fresh = append(s.fresh, same[0])
		for _, r := range same[1:] {
			if r.Print == same[0].Print {
				s.duplicates++
			} else {
				conflicts = append(conflicts, conflict{row: r.N, first: same[0].N})
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

// addKnown counts the rows of an object that the batch has.
func (s *split) addKnown(b *batch, match *index.Match, same []index.Row, conflicts []conflict) []conflict {
	unsourced := match.Print == index.AnyFields // which no reading has added
	seen := b.intake.seen.Has(match.Seq) || match.Seq >= b.intake.since && !unsourced
	for _, r := range same {
		switch {
		case r.Print != match.Print && !unsourced:
			conflicts = append(conflicts, conflict{row: r.N, first: -1, seq: match.Seq})
		case seen:
			s.duplicates++
		default:
			seen = true
			s.known++
			s.seen = append(s.seen, match.Seq)
			if s.changed {
				s.changes = append(s.changes, change{row: r.N, first: match.Seq})
			}
		}
	}
	return conflicts
}

// number gives the new items their sequence numbers, in the order of the rows, and versions their numbers.
func (s *split) number() {
	places := make([]int32, len(s.isNew))
	next := int32(0)
	for row, yes := range s.isNew {
		places[row] = next
		if yes {
			next++
		}
	}
	for i := range s.fresh {
		s.fresh[i].N = places[s.fresh[i].N]
	}
	for i := range s.changes {
		if c := &s.changes[i]; c.is == queue.ContentsNew {
			c.version = c.history.Add(s.base+uint64(places[c.row]), c.content)
		}
	}
}

// newItems returns the new items in order; the chunk itself, if all are new and none is a version.
func (s *split) newItems(items []queue.Item) []queue.Item {
	if len(s.fresh) == len(items) {
		return items
	}
	versions := map[int32]uint64{}
	for i := range s.changes {
		if c := &s.changes[i]; c.is == queue.ContentsNew {
			versions[c.row] = c.version
		}
	}
	list := make([]queue.Item, 0, len(s.fresh)+len(versions))
	for i := range items {
		if s.isNew[i] {
			list = append(list, items[i])
			list[len(list)-1].Version = versions[int32(i)]
		}
	}
	return list
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
	if c.first >= 0 {
		return queue.OtherFieldsReason(&items[c.first]), nil
	}
	it, err := b.item(bk, c.seq)
	if err != nil || !c.alike {
		return queue.OtherFieldsReason(&it), err
	}
	rec, _, err := current(bk, c.seq)
	return queue.AlikeReason(b.public.Load().ID, &queue.Entry{Item: it, Record: rec.Record}), err
}
