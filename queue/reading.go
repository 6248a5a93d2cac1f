package queue

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxAdditions bounds [Batch.Additions].
const maxAdditions = 16

// LastReading is the name of the latest reading that added items; the others are named by their numbers.
const LastReading = "last"

// Addition says which items a reading added: those from First on, up to the next addition's.
type Addition struct {
	Reading int64     `json:"reading"`
	First   uint64    `json:"first"`
	Started time.Time `json:"started,omitzero"`
}

// Span is a range of items by their sequence numbers: From and what follows, before To.
type Span struct{ From, To uint64 }

// Has reports whether the item is in the span.
func (s Span) Has(seq uint64) bool { return seq >= s.From && seq < s.To }

// AddedBy returns the number of the reading that added the item, or 0 if it is older than all Additions.
func (b *Batch) AddedBy(seq uint64) int64 {
	reading := int64(0)
	for _, a := range b.Additions {
		if a.First <= seq {
			reading = a.Reading
		}
	}
	return reading
}

// AddFormerReadings works out which readings added items, for books from before they said so: those say only which item was the
// first that the latest reading could add.
func (b *Batch) AddFormerReadings(latest uint64) {
	if b.Reading.Number == 0 && !b.Reading.Started.IsZero() {
		b.Reading.Number = 1
	}
	if b.Counts.Items == 0 || len(b.Additions) > 0 {
		return
	}
	b.Additions = []Addition{{Reading: b.Reading.Number, Started: b.Reading.Started}}
	if latest > 0 {
		b.Additions[0].Started = b.Created
		if b.Reading.Number++; latest < uint64(b.Counts.Items) {
			b.Additions = append(b.Additions, Addition{Reading: b.Reading.Number, First: latest, Started: b.Reading.Started})
		}
	}
}

// RestoreStep returns the step that restores a withdrawn item because the latest reading has its object.
func (b *Batch) RestoreStep(seq uint64, before Record) (s Step, err error) {
	s = Step{Batch: b.ID, Seq: seq, Before: before, Kind: Restored, By: readingName(b.Reading.Number)}
	s.After, err = Restore(before)
	return s, err
}

// Span returns the items that a reading added, by its number or as [LastReading]. The error lists the known readings.
func (b *Batch) Span(reading string) (Span, error) {
	if len(b.Additions) == 0 {
		return Span{}, errors.New("no reading has added items to this batch")
	}
	for i, a := range b.Additions {
		last := i == len(b.Additions)-1
		if strconv.FormatInt(a.Reading, 10) != reading && !(last && reading == LastReading) {
			continue
		}
		if last {
			return Span{a.First, uint64(b.Counts.Items)}, nil
		}
		return Span{a.First, b.Additions[i+1].First}, nil
	}
	var known []string
	for _, a := range b.Additions {
		known = append(known, strconv.FormatInt(a.Reading, 10))
	}
	return Span{}, fmt.Errorf("%q is none of the readings that added items: use %s or %s", reading, LastReading, strings.Join(known, ", "))
}

// Why a reading may not replace the earlier ones of its batch.
var (
	// errIncomplete: the latest reading did not reach the end of its sources.
	errIncomplete = errors.New("the sources were not read to their end")
	// ErrNothingRead: the reading is complete, but no row was added or known.
	ErrNothingRead = errors.New("the sources have no usable row, so all items that AiR has not accepted would be cancelled")
)

// CheckReplace returns an error if the latest reading may not replace the earlier ones: it is not complete, or it is
// empty ([ErrNothingRead]) and allowEmpty is not set.
func (r Reading) CheckReplace(allowEmpty bool) error {
	switch {
	case !r.Complete:
		return errIncomplete
	case r.Added+r.Known == 0 && !allowEmpty:
		return ErrNothingRead
	}
	return nil
}

// Bits is a set of small numbers, such as sequence numbers: a bit each. The zero Bits is empty.
type Bits []uint64

// Has reports whether n is in the set.
func (b Bits) Has(n uint64) bool { return n/64 < uint64(len(b)) && b[n/64]&(1<<(n%64)) != 0 }

// Add adds n.
func (b *Bits) Add(n uint64) {
	b.Grow(n + 1)
	(*b)[n/64] |= 1 << (n % 64)
}

// Grow makes room for the numbers below n at once.
func (b *Bits) Grow(n uint64) {
	if need := int((n + 63) / 64); need > len(*b) {
		*b = append(*b, make([]uint64, need-len(*b))...)
	}
}
