package block

import (
	"encoding/binary"
	"encoding/hex"
	"time"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// Record is the stored record of an item that was ever claimed, cancelled or adopted. Times are stored in milliseconds.
type Record struct {
	queue.Record
	// Generation is that of the item's next result: how many it has had.
	Generation uint32
	// Duration is how long the attempt of a result took, if its record says it; see SetResult.
	Duration time.Duration
}

// The bits of a record's first byte, above the number of the state.
const (
	recState     = 0x07
	recSent      = 0x08
	recHexID     = 0x10 // the job id is 32 lower-case hex digits, kept as 16 bytes
	recID        = 0x20 // the job id is anything else
	recWithdrawn = 0x30 // both: there is no job id, and the item was withdrawn
	recTime      = 0x40
	recAnswer    = 0x80 // there are status, code and message
)

func stateNumber(s queue.State) byte {
	for i, t := range queue.States {
		if s == t {
			return byte(i)
		}
	}
	panic("bolt: unknown state " + string(s))
}

// Append appends the record to b.
func (r Record) Append(b []byte) []byte {
	first := stateNumber(r.State)
	if r.Sent {
		first |= recSent
	}
	hexID := isHexID(r.JobID)
	switch {
	case r.Withdrawn:
		first |= recWithdrawn
	case hexID:
		first |= recHexID
	case r.JobID != "":
		first |= recID
	}
	if !r.At.IsZero() {
		first |= recTime
	}
	if r.HTTPStatus != 0 || r.Code != "" || r.Message != "" {
		first |= recAnswer
	}
	b = append(b, first)
	b = binary.AppendUvarint(b, uint64(r.Generation))
	b = binary.AppendUvarint(b, uint64(r.Attempts))
	b = binary.AppendVarint(b, int64(r.Day))
	switch {
	case r.Withdrawn:
	case hexID:
		b = appendUnhexed(b, r.JobID)
	case r.JobID != "":
		b = codec.AppendString(b, r.JobID)
	}
	if first&recTime != 0 {
		b = binary.AppendVarint(b, r.At.UnixMilli())
	}
	if first&recAnswer != 0 {
		b = binary.AppendVarint(b, int64(r.HTTPStatus))
		b = codec.AppendString(b, r.Code)
		b = codec.AppendString(b, r.Message)
	}
	return b
}

// decodeRecord decodes what [Record.Append] wrote. text decides whether strings share memory with b.
func decodeRecord(b []byte, text func(*codec.Reader) string) (rec Record, err error) {
	r := codec.Reader{Rest: b}
	first := r.Byte()
	if int(first&recState) >= len(queue.States) {
		return rec, codec.ErrGarbled
	}
	rec.State = queue.States[first&recState]
	rec.Withdrawn = first&recWithdrawn == recWithdrawn
	gen, attempts, day := r.Uvarint(), r.Uvarint(), r.Varint()
	rec.Generation, rec.Attempts, rec.Day = uint32(gen), int(attempts), queue.Day(day)
	if rec.Withdrawn && rec.State != queue.Cancelled && rec.State != queue.InDoubt ||
		uint64(rec.Generation) != gen || rec.Attempts < 0 || int64(rec.Day) != day {
		r.Fail()
	}
	switch {
	case rec.Withdrawn:
	case first&recHexID != 0:
		rec.JobID = hex.EncodeToString(r.Bytes(16))
	case first&recID != 0:
		rec.JobID = text(&r)
	}
	if first&recTime != 0 {
		rec.At = time.UnixMilli(r.Varint()).UTC()
	}
	if first&recAnswer != 0 {
		rec.HTTPStatus = int(r.Varint())
		rec.Code, rec.Message = text(&r), text(&r)
	}
	// A record of before Sent was kept has the bit only if the item was ever in doubt.
	rec.Sent = first&recSent != 0 || rec.HTTPStatus != 0 || rec.State == queue.Submitted
	return rec, r.End()
}

// StoredJobID returns the bytes that stand for a job id in its record.
func StoredJobID(id string) []byte {
	if isHexID(id) {
		return appendUnhexed(nil, id)
	}
	return []byte(id)
}

// isHexID reports whether a job id is 32 lower-case hex digits.
func isHexID(id string) bool { return len(id) == 32 && isHex(id) }

// EncodeHistory returns the history of an object: the first item's contents, then sequence number, version and contents of
// each further one.
func EncodeHistory(h *queue.History) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(h.First))
	for _, v := range h.Further {
		b = binary.AppendUvarint(b, v.Seq)
		b = binary.BigEndian.AppendUint64(b, v.Number)
		b = binary.BigEndian.AppendUint64(b, uint64(v.Content))
	}
	return b
}

// DecodeHistory decodes what EncodeHistory wrote. It keeps nothing of the value.
func DecodeHistory(b []byte) (h queue.History, err error) {
	r := codec.Reader{Rest: b}
	h.First = queue.Content(r.Uint64())
	for len(r.Rest) > 0 {
		h.Further = append(h.Further, queue.Version{Seq: r.Uvarint(), Number: r.Uint64(), Content: queue.Content(r.Uint64())})
	}
	return h, r.End()
}
