package block

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// A result has its generation in its key. Its record holds in place of it the generation or, if it is known how long the last attempt
// took, the generation and one more than the milliseconds: so earlier versions of airlift, which ignore it, can read it.

// SetDuration makes the record of a result, with the generation that is set, hold how long its attempt took.
func (r *Record) SetDuration(took time.Duration) {
	millis := (took + time.Millisecond - 1).Milliseconds()
	if most := int64(math.MaxUint32 - 1 - r.Generation); millis > 0 && millis <= most {
		r.Generation += 1 + uint32(millis)
	}
}

// SetResult takes the generation of the record of a result from its key, and gives the record that of the item's next one.
func (r *Record) SetResult(generation uint32) {
	r.Duration = 0
	if r.Generation > generation {
		r.Duration = time.Duration(r.Generation-generation-1) * time.Millisecond
	}
	r.Generation = generation + 1
}

// The bits of an event's first byte, above the number of the kind.
const (
	eventKind   = 0x0f
	eventState  = 0x70 // the number of the state
	eventAnswer = 0x80 // there are status, code and message
)

// EncodeEvents encodes the events of an item.
func EncodeEvents(list []queue.Event) []byte {
	var b []byte
	last := int64(0)
	for i := range list {
		e := &list[i]
		first := byte(slices.Index(queue.EventKinds[:], e.Kind)) | stateNumber(e.State)<<4
		if e.HTTPStatus != 0 || e.Code != "" || e.Message != "" {
			first |= eventAnswer
		}
		at := int64(0)
		if !e.At.IsZero() {
			at = e.At.UnixMilli()
		}
		b = append(b, first)
		b = binary.AppendVarint(b, at-last)
		for _, n := range [...]int64{int64(e.Attempt), e.Duration.Milliseconds(), int64(e.Omitted)} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		b = codec.AppendString(b, e.By)
		if first&eventAnswer != 0 {
			b = binary.AppendVarint(b, int64(e.HTTPStatus))
			b = codec.AppendString(b, e.Code)
			b = codec.AppendString(b, e.Message)
		}
		last = at
	}
	return b
}

// DecodeEvents decodes what EncodeEvents wrote. It keeps nothing of the value.
func DecodeEvents(b []byte) (list []queue.Event, err error) {
	r := codec.Reader{Rest: b}
	last := int64(0)
	for len(r.Rest) > 0 {
		first := r.Byte()
		kind, state := int(first&eventKind), int(first&eventState>>4)
		if kind >= len(queue.EventKinds) || state >= len(queue.States) {
			return nil, codec.ErrGarbled
		}
		e := queue.Event{Kind: queue.EventKinds[kind], State: queue.States[state]}
		if last += r.Varint(); last != 0 && !r.Bad {
			e.At = time.UnixMilli(last).UTC()
		}
		attempt, millis, omitted := r.Uvarint(), r.Uvarint(), r.Uvarint()
		if max(attempt, millis, omitted) > math.MaxUint32 {
			r.Fail()
		}
		e.Attempt, e.Duration, e.Omitted = int(attempt), time.Duration(millis)*time.Millisecond, int(omitted)
		e.By = r.String()
		if first&eventAnswer != 0 {
			e.HTTPStatus = int(r.Varint())
			e.Code, e.Message = r.String(), r.String()
		}
		list = append(list, e)
	}
	return list, r.End()
}

// EventsAt decodes the events of an item as they are stored: bound to its sequence number.
func EventsAt(key, value []byte) (list []queue.Event, err error) {
	value, ok := codec.Bound(key, value)
	if ok && len(key) == 8 {
		if list, err = DecodeEvents(value); err == nil {
			return list, nil
		}
	}
	return nil, codec.Damaged("the events of item %d: %v", seqOf(key), codec.ErrGarbled)
}
