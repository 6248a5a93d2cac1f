package bolt

import (
	"encoding/binary"

	"airlift/queue"
)

// encodeHistory returns the history: the first item's contents, then sequence number, version and contents of each
// further one.
func encodeHistory(h *queue.History) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+sumLen+21*len(h.Further)), uint64(h.First))
	for _, v := range h.Further {
		b = binary.AppendUvarint(b, v.Seq)
		b = binary.BigEndian.AppendUint64(b, v.Number)
		b = binary.BigEndian.AppendUint64(b, uint64(v.Content))
	}
	return b
}

// decodeHistory reads what encodeHistory wrote. It keeps nothing of the value.
func decodeHistory(b []byte) (h queue.History, err error) {
	r := reader{b: b}
	h.First = queue.Content(r.fixed())
	for len(r.b) > 0 {
		h.Further = append(h.Further, queue.Version{Seq: r.uvarint(), Number: r.fixed(), Content: queue.Content(r.fixed())})
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
func historyOf(bk buckets, first uint64) (h queue.History, ok bool, err error) {
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
func historyAt(k, v []byte) (h queue.History, err error) {
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
		t.put(bk.histories, key, bind(key, encodeHistory(&k.history)))
	}
}

// kept is the history of an object, to be stored.
type kept struct {
	first   uint64
	history queue.History
}

// mayHaveJob reports whether AiR may have a job of an item.
func (bk buckets) mayHaveJob(seq uint64) (bool, error) {
	rec, _, err := current(bk, seq)
	return rec.MayHaveJob(), err
}
