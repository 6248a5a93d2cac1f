package bolt

import (
	"encoding/binary"
	"slices"

	"airlift/queue"
)

// history is what is kept of an object beyond its first item: the contents that the items' jobs are taken to have read,
// or to read yet, and the further items. Most objects have none, and what their first item was added with holds.
type history struct {
	first   queue.Content
	further []version
}

// version is a further item of an object.
type version struct {
	seq     uint64
	number  uint64
	content queue.Content
}

// last returns the number of the object's last item, and its contents to read or to change.
func (h *history) last(first uint64) (seq uint64, content *queue.Content) {
	if n := len(h.further); n > 0 {
		return h.further[n-1].seq, &h.further[n-1].content
	}
	return first, &h.first
}

// holds reports whether the contents are those of any item.
func (h *history) holds(c queue.Content) bool {
	same, _ := h.first.Compare(c)
	for i := 0; i < len(h.further) && !same; i++ {
		same, _ = h.further[i].content.Compare(c)
	}
	return same
}

// find returns the number of the item of that version.
func (h *history) find(number uint64) (seq uint64, ok bool) {
	for _, v := range h.further {
		if v.number == number {
			return v.seq, true
		}
	}
	return 0, false
}

// named returns the items of the object that a job may belong to whose name ends in that version.
func (h *history) named(first, number uint64) []uint64 {
	if seq, ok := h.find(number); ok {
		return []uint64{first, seq}
	}
	return []uint64{first}
}

// add adds an item and returns the number of its version: its contents or, where that is taken, the next that is free.
func (h *history) add(seq uint64, c queue.Content) (number uint64) {
	number = uint64(c)
	for {
		if _, taken := h.find(number); !taken && number != 0 {
			break
		}
		number++
	}
	h.further = append(h.further, version{seq, number, c})
	return number
}

// insert adds an item that was sent: before the last one, if that is still to be sent.
func (h *history) insert(bk buckets, v version) error {
	at := len(h.further)
	if at > 0 && h.further[at-1].seq < v.seq {
		rec, _, err := current(bk, h.further[at-1].seq)
		if err != nil {
			return err
		}
		if !rec.MayHaveJob() {
			at--
		}
	}
	h.further = slices.Insert(h.further, at, v)
	return nil
}

// met says what becomes of a row of a known object whose contents are asked for; see [queue.Chunk].
type met int

const (
	metSame    met = iota // no other item is needed
	metUnsure             // nor here, as far as anybody can tell
	metChanged            // a further item is needed
)

// meet takes up what a reading found of the object. sent tells of an item whether its job may have read other contents.
// altered says that the history is to be stored.
func (h *history) meet(first uint64, found queue.Content, sent func(seq uint64) (bool, error)) (is met, altered bool, err error) {
	if found == 0 {
		return metUnsure, false, nil
	}
	seq, content := h.last(first)
	was := *content
	same, known := was.Compare(found)
	if same {
		*content = was.With(found)
		return metSame, *content != was, nil
	}
	may, err := sent(seq)
	switch {
	case err != nil:
		return metSame, false, err
	case !may:
		*content = found // its job will read these
		return metSame, true, nil
	case h.holds(found):
		return metSame, false, nil // they were there before and have their job
	case !known:
		*content = was.With(found)
		return metUnsure, true, nil
	}
	return metChanged, false, nil
}

// anySent reports whether any of the object's items, or of those whose contents are wanted, is or may have been sent.
func (h *history) anySent(bk buckets, first uint64, wanted func(queue.Content) bool) (bool, error) {
	for i := -1; i < len(h.further); i++ {
		seq, content := first, h.first
		if i >= 0 {
			seq, content = h.further[i].seq, h.further[i].content
		}
		if wanted != nil && !wanted(content) {
			continue
		}
		rec, _, err := current(bk, seq)
		if err != nil || rec.MayHaveJob() {
			return err == nil, err
		}
	}
	return false, nil
}

// encode returns the history: the first item's contents, then sequence number, version and contents of each further one.
func (h *history) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+sumLen+21*len(h.further)), uint64(h.first))
	for _, v := range h.further {
		b = binary.AppendUvarint(b, v.seq)
		b = binary.BigEndian.AppendUint64(b, v.number)
		b = binary.BigEndian.AppendUint64(b, uint64(v.content))
	}
	return b
}

// decodeHistory reads what encode wrote. It keeps nothing of the value.
func decodeHistory(b []byte) (h history, err error) {
	r := reader{b: b}
	h.first = queue.Content(r.fixed())
	for len(r.b) > 0 {
		h.further = append(h.further, version{r.uvarint(), r.fixed(), queue.Content(r.fixed())})
	}
	return h, r.end()
}

// fixed reads eight bytes.
func (r *reader) fixed() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// historyOf returns the history of the object whose first item has that number, if it has any.
func historyOf(bk buckets, first uint64) (h history, ok bool, err error) {
	if bk.histories == nil {
		return h, false, nil
	}
	key := seqKey(first)
	value := bk.histories.Get(key)
	if value == nil {
		return h, false, nil
	}
	h, err = historyAt(key, value)
	return h, err == nil, err
}

// historyAt decodes a history as it is stored.
func historyAt(k, v []byte) (h history, err error) {
	if value, ok := bound(k, v); ok {
		h, err = decodeHistory(value)
	} else {
		err = errGarbled
	}
	if err != nil {
		return h, damaged("the history of item %d: %v", keySeq(k), err)
	}
	return h, nil
}

// keep stores histories, in the order of the objects. The first one of a batch makes the bucket.
func (t *txn) keep(b *batch, bk buckets, list []kept) {
	if len(list) == 0 {
		return
	}
	if bk.histories == nil {
		made, err := bk.root.CreateBucket(bucketHistories)
		if err != nil {
			t.note(err)
			return
		}
		t.writes++
		bk.histories = made
		t.handles[b] = bk
	}
	bk.histories.FillPercent = 0.9
	for _, k := range list {
		key := seqKey(k.first)
		t.put(bk.histories, key, bind(key, k.history.encode()))
	}
}

// kept is the history of an object, to be stored.
type kept struct {
	first   uint64
	history history
}
