package index

import (
	"encoding/binary"
	"slices"
)

func (o *Match) set(e entry) { o.found, o.Print, o.Seq = true, e.fp, e.seq }

// lookupIn looks up objects in a transaction: first in the hint run, where rows that come in the same order as before are,
// then in the memtable, then in the other runs, newest first. The run where most were found is the next hint.
func (x *Index) lookupIn(tx Tx, m *memtable, objects []Match) error {
	runs, err := runsOf(tx)
	if err != nil {
		return err
	}
	todo := make([]*Match, len(objects))
	for i := range objects {
		todo[i] = &objects[i]
	}
	hint, most := x.hint.Load(), 0
	in := func(r run) error {
		c, err := r.cursor(tx)
		if err != nil {
			return err
		}
		have := len(todo)
		if err := lookupRun(c, todo, seekAfter(have, r.entries)); err != nil {
			return err
		}
		todo = slices.DeleteFunc(todo, func(o *Match) bool { return o.found })
		if n := have - len(todo); n > most {
			most = n
			x.hint.Store(binary.BigEndian.Uint32(r.number))
		}
		return nil
	}
	first := slices.IndexFunc(runs, func(r run) bool { return binary.BigEndian.Uint32(r.number) == hint })
	if first >= 0 {
		if err := in(runs[first]); err != nil {
			return err
		}
	}
	todo = m.lookup(todo)
	for i := len(runs) - 1; i >= 0 && len(todo) > 0; i-- {
		if i == first {
			continue
		}
		if err := in(runs[i]); err != nil {
			return err
		}
	}
	return nil
}

// seekAfter returns how many values a lookup of so many objects in so many entries steps over before it seeks: none if they
// are far apart, for each value that it stands on is checked.
func seekAfter(objects int, entries int64) int {
	const far, values = 500, 4 // entries from one object to the next
	if int64(objects)*far < entries {
		return 0
	}
	return values
}

// lookupRun goes once through a run and the sorted objects.
func lookupRun(c Cursor, todo []*Match, seekAfter int) error {
	s := groupCursor{c: c}
	if more, err := s.on(c.First()); err != nil || !more {
		return err
	}
	for _, o := range todo {
		if more, err := s.reach(o.hash, seekAfter); err != nil || !more {
			return err
		}
		if o.hash.compare(s.first) >= 0 && o.hash.compare(s.last) <= 0 {
			if e, ok := s.g.find(o.hash); ok {
				o.set(e)
			}
		}
	}
	return nil
}

// groupCursor is a cursor with its current group.
type groupCursor struct {
	c           Cursor
	g           group
	first, last hash
}

// on decodes the group that the cursor has moved to; false past the end.
func (s *groupCursor) on(k, v []byte) (more bool, err error) {
	if k == nil {
		return false, nil
	}
	if s.g, err = groupOf(k, v); err != nil {
		return false, err
	}
	s.first, s.last = hashAt(k), s.g.hashAt(s.g.len()-1)
	return true, nil
}

// reach moves to the group that can hold a hash, in some steps or by a seek; false past the end.
func (s *groupCursor) reach(h hash, seekAfter int) (more bool, err error) {
	for steps := 0; h.compare(s.last) > 0; steps++ {
		if steps < seekAfter {
			if more, err = s.on(s.c.Next()); err != nil || !more {
				return more, err
			}
			continue
		}
		// The group that can hold the hash is the last whose key is not above it.
		k, v := s.c.Seek(h.append(nil))
		if k == nil {
			k, v = s.c.Last()
		} else if hashAt(k) != h {
			if k, v = s.c.Prev(); k == nil {
				k, v = s.c.First()
			}
		}
		return s.on(k, v)
	}
	return true, nil
}
