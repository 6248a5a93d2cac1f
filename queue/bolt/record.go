package bolt

import (
	"encoding/binary"
	"encoding/hex"
	"time"

	"airlift/queue"
)

// record is what is stored of an item that was ever claimed or cancelled. Times are kept to the millisecond.
type record struct {
	queue.Record
	// gen is the generation of the item's next result: how many it has had.
	gen uint32
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

// encode appends the record.
func (r record) encode(b []byte) []byte {
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
	b = binary.AppendUvarint(b, uint64(r.gen))
	b = binary.AppendUvarint(b, uint64(r.Attempts))
	b = binary.AppendVarint(b, int64(r.Day))
	switch {
	case r.Withdrawn:
	case hexID:
		b = appendUnhexed(b, r.JobID)
	case r.JobID != "":
		b = appendString(b, r.JobID)
	}
	if first&recTime != 0 {
		b = binary.AppendVarint(b, r.At.UnixMilli())
	}
	if first&recAnswer != 0 {
		b = binary.AppendVarint(b, int64(r.HTTPStatus))
		b = appendString(b, r.Code)
		b = appendString(b, r.Message)
	}
	return b
}

// decodeRecord reads what encode wrote. Whether the record shares memory with b, text says.
func decodeRecord(b []byte, text func(*reader) string) (record, error) {
	r := reader{b: b}
	p := r.bytes(1)
	if p == nil {
		return record{}, errGarbled
	}
	first := p[0]
	if int(first&recState) >= len(queue.States) {
		return record{}, errGarbled
	}
	var rec record
	rec.State = queue.States[first&recState]
	rec.Withdrawn = first&recWithdrawn == recWithdrawn
	if rec.Withdrawn && rec.State != queue.Cancelled && rec.State != queue.InDoubt {
		return record{}, errGarbled
	}
	rec.Sent = first&recSent != 0
	gen, attempts, day := r.uvarint(), r.uvarint(), r.varint()
	rec.gen, rec.Attempts, rec.Day = uint32(gen), int(attempts), queue.Day(day)
	if uint64(rec.gen) != gen || rec.Attempts < 0 || int64(rec.Day) != day {
		return record{}, errGarbled
	}
	switch {
	case rec.Withdrawn:
	case first&recHexID != 0:
		rec.JobID = hex.EncodeToString(r.bytes(16))
	case first&recID != 0:
		rec.JobID = text(&r)
	}
	if first&recTime != 0 {
		rec.At = time.UnixMilli(r.varint()).UTC()
	}
	if first&recAnswer != 0 {
		rec.HTTPStatus = int(r.varint())
		rec.Code, rec.Message = text(&r), text(&r)
	}
	// A record of before Sent was kept has the bit only if the item was ever in doubt.
	rec.Sent = rec.Sent || rec.HTTPStatus != 0 || rec.State == queue.Submitted
	if err := r.end(); err != nil {
		return record{}, err
	}
	return rec, nil
}

// isHexID reports whether a job id is 32 lower-case hex digits.
func isHexID(id string) bool { return len(id) == 32 && isHex(id) }
