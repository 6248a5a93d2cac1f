package queue

import "slices"

// History holds the contents of the items of one object: those that their jobs are assumed to have read, or will read
// An object is identified by the sequence number of its first item. Most objects have one item; then the content
// that their first item was added with is the whole history.
type History struct {
	First   Content
	Further []Version
}

// Version is a further item of an object.
type Version struct {
	Seq     uint64
	Number  uint64 // see [Item.Version]
	Content Content
}

// Comparison is the result of comparing a row of a known object with the object's items; see [Chunk.Changed].
type Comparison int

// The results of a comparison.
const (
	Unchanged   Comparison = iota // no other item is needed
	CannotTell                    // one of the contents is unknown; no other item is added
	ContentsNew                   // the object needs a further item
)

// Find returns the item of a version.
func (h *History) Find(number uint64) (seq uint64, ok bool) {
	for _, v := range h.Further {
		if v.Number == number {
			return v.Seq, true
		}
	}
	return 0, false
}

// Add adds an item and returns its version: the content or, if that is taken, the next number that is free.
func (h *History) Add(seq uint64, c Content) (number uint64) {
	number = uint64(c)
	for {
		if _, taken := h.Find(number); !taken && number != 0 {
			break
		}
		number++
	}
	h.Further = append(h.Further, Version{seq, number, c})
	return number
}

// Insert adds an item that was sent. If the last item cannot have a job, the new one goes before it.
func (h *History) Insert(v Version, mayHaveJob func(seq uint64) (bool, error)) error {
	at := len(h.Further)
	if at > 0 && h.Further[at-1].Seq < v.Seq {
		sent, err := mayHaveJob(h.Further[at-1].Seq)
		if err != nil {
			return err
		}
		if !sent {
			at--
		}
	}
	h.Further = slices.Insert(h.Further, at, v)
	return nil
}

// Compare compares the contents that a reading found with the history. mayHaveJob reports whether an item's job may have read other
// contents. altered says that the history has changed.
func (h *History) Compare(first uint64, found Content, mayHaveJob func(seq uint64) (bool, error)) (is Comparison, altered bool, err error) {
	if found == 0 {
		return CannotTell, false, nil
	}
	seq, content := first, &h.First
	if n := len(h.Further); n > 0 {
		seq, content = h.Further[n-1].Seq, &h.Further[n-1].Content
	}
	was := *content
	same, known := was.Compare(found)
	if same {
		*content = was.With(found)
		return Unchanged, *content != was, nil
	}
	sent, err := mayHaveJob(seq)
	switch {
	case err != nil:
		return Unchanged, false, err
	case !sent:
		*content = found // the job is not sent yet, so it will read these contents
		return Unchanged, true, nil
	case h.holds(found):
		return Unchanged, false, nil // an earlier item has these contents
	case !known:
		*content = was.With(found)
		return CannotTell, true, nil
	}
	return ContentsNew, false, nil
}

// holds reports whether the contents are those of any item.
func (h *History) holds(c Content) bool {
	same, _ := h.First.Compare(c)
	for i := 0; i < len(h.Further) && !same; i++ {
		same, _ = h.Further[i].Content.Compare(c)
	}
	return same
}

// AnySent reports whether any item of the object may have a job. If c is not 0 an item counts only if its contents may be
// these, as far as both are known.
func (h *History) AnySent(first uint64, c Content, mayHaveJob func(seq uint64) (bool, error)) (bool, error) {
	for _, v := range slices.Concat([]Version{{Seq: first, Content: h.First}}, h.Further) {
		if same, known := v.Content.Compare(c); known && !same {
			continue
		}
		if sent, err := mayHaveJob(v.Seq); err != nil || sent {
			return sent, err
		}
	}
	return false, nil
}
