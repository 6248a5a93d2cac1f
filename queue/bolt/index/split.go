package index

// Split is the result of splitting rows into new, known, duplicate and conflicting ones.
type Split struct {
	// New are the first rows of new objects, sorted by hash.
	New []Row
	// Known are the first rows of objects that the batch has, as long as the reading has not had the object before.
	Known []Known
	// Duplicates counts the further rows of an object.
	Duplicates int
	// Conflicts are rows that contradict an item of their object.
	Conflicts []Conflict
}

// Known is a row of an object that the batch has.
type Known struct {
	N   int32  // see [Row]
	Seq uint64 // of the object's first item
}

// Conflict is a row that contradicts the item of its object, which is known by its place in the list of items or, if
// First is negative, by its sequence number.
type Conflict struct {
	N, First int32
	Seq      uint64
	// Alike says that it is only alike: an unsourced item whose job may be that of the row's object.
	Alike bool
}

// SplitRows splits rows by the matches of their objects. seen reports whether the present reading has had an object; alike
// returns the unsourced item whose job may be that of a new object, by the place of its row; it is nil if there are none.
func SplitRows(rows []Row, matches []Match, seen func(*Match) bool, alike func(n int32) (seq uint64, may bool)) *Split {
	if len(matches) == 0 && alike == nil && !repeated(rows) {
		return &Split{New: rows}
	}
	s := &Split{New: make([]Row, 0, len(rows))}
	for same, match := range Objects(rows, matches) {
		if match != nil {
			s.addKnown(match, same, seen(match))
			continue
		}
		if alike != nil {
			if seq, may := alike(same[0].N); may {
				for _, r := range same {
					s.Conflicts = append(s.Conflicts, Conflict{N: r.N, First: -1, Seq: seq, Alike: true})
				}
				continue
			}
		}
		s.New = append(s.New, same[0])
		for _, r := range same[1:] {
			if r.Print == same[0].Print {
				s.Duplicates++
			} else {
				s.Conflicts = append(s.Conflicts, Conflict{N: r.N, First: same[0].N})
			}
		}
	}
	return s
}

// addKnown adds the rows of an object that the batch has.
func (s *Split) addKnown(match *Match, same []Row, seen bool) {
	for _, r := range same {
		switch {
		case r.Print != match.Print && !match.Unsourced():
			s.Conflicts = append(s.Conflicts, Conflict{N: r.N, First: -1, Seq: match.Seq})
		case seen:
			s.Duplicates++
		default:
			seen = true
			s.Known = append(s.Known, Known{r.N, match.Seq})
		}
	}
}

// Unsourced reports whether the object's first item is unsourced: no reading has added it, and no row contradicts it.
func (m *Match) Unsourced() bool { return m.Print == anyFields }

// repeated reports whether an object comes more than once in sorted rows.
func repeated(rows []Row) bool {
	for i := 1; i < len(rows); i++ {
		if rows[i].hash == rows[i-1].hash {
			return true
		}
	}
	return false
}
