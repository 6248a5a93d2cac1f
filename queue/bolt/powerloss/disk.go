package powerloss

import (
	"cmp"
	"slices"
)

// Disk follows a log. It is not safe for concurrent use; a log that is no longer recorded may have many.
type Disk struct {
	log *Log
	at  int
	// kept is what syncs have covered; loose is what has happened since.
	kept  state
	loose []event
	// next count the events and, by their end, the syncs that lie before at.
	nextEvent, nextSync int
	syncs               []event
}

// state is a folder.
type state struct {
	files map[int]content
	names map[string]int
}

// NewDisk returns a disk at the beginning of the log.
func NewDisk(l *Log) *Disk {
	d := &Disk{log: l, kept: state{map[int]content{}, map[string]int{".": 1}}}
	d.syncs = slices.Clone(l.syncs)
	slices.SortStableFunc(d.syncs, func(a, b event) int { return cmp.Compare(a.end, b.end) })
	return d
}

// Advance goes on to a place at or beyond the present one: everything on the lines before it has happened.
func (d *Disk) Advance(to int) {
	for d.at = max(d.at, to); ; {
		var e, s *event
		if d.nextEvent < len(d.log.events) && d.log.events[d.nextEvent].start < d.at {
			e = &d.log.events[d.nextEvent]
		}
		if d.nextSync < len(d.syncs) && d.syncs[d.nextSync].end < d.at {
			s = &d.syncs[d.nextSync]
		}
		switch {
		case e != nil && (s == nil || e.start < s.end):
			d.loose = append(d.loose, *e)
			d.nextEvent++
		case s != nil:
			d.settle(*s)
			d.nextSync++
		default:
			return
		}
	}
}

// Loose counts what a power loss may take away at this place.
func (d *Disk) Loose() int { return len(d.loose) }

// settle keeps what a sync covers.
func (d *Disk) settle(sync event) {
	left := d.loose[:0]
	for _, e := range d.loose {
		if e.node == sync.node && e.end < sync.start {
			d.kept.apply(e)
		} else {
			left = append(left, e)
		}
	}
	clear(d.loose[len(left):])
	d.loose = left
}

// apply makes a change whole.
func (s *state) apply(e event) {
	switch e.kind {
	case write:
		f := s.files[e.node]
		f.write(e.offset, e.data)
		s.files[e.node] = f
	case resize:
		f := s.files[e.node]
		f.resize(e.offset)
		s.files[e.node] = f
	case rename:
		for _, n := range e.names {
			if s.names[n.name] = n.node; n.node == 0 {
				delete(s.names, n.name)
			}
		}
	}
}
