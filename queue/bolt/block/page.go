package block

import (
	"encoding/binary"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// States is a set of states.
type States uint8

// AllStates has every state.
const AllStates States = 1<<len(queue.States) - 1

// StatesOf returns the set of some states.
func StatesOf(list ...queue.State) (set States) {
	for _, s := range list {
		set |= 1 << stateNumber(s)
	}
	return set
}

// Has reports whether the set has a state.
func (set States) Has(s queue.State) bool { return set&(1<<stateNumber(s)) != 0 }

// Page is a block of items and their records, copied out of a transaction and decoded afterwards. Its memory is used again
// after a Reset.
type Page struct {
	// Entries are the items that Decode found in a wanted state, with their records.
	Entries []queue.Entry
	// Stored says of each entry whether it has a record: an item without one was never claimed.
	Stored []bool

	first   uint64
	n       int      // how many items there are; 0: as many as the block has
	copied  []byte   // the records, and behind them the block
	records []stored // where the records are
	block   int      // where the block begins; -1: there is none
	decoder decoder
}

// stored is the position of a record in copied: its key is [at:value], its value [value:end].
type stored struct{ at, value, end int }

// Reset makes the page one of n items from the given one on; n is 0 if only the block says how many.
func (p *Page) Reset(first uint64, n int) {
	p.first, p.n, p.block = first, n, -1
	p.copied, p.records, p.Entries, p.Stored = p.copied[:0], p.records[:0], p.Entries[:0], p.Stored[:0]
}

// First returns the number of the first item that the page can have.
func (p *Page) First() uint64 { return p.first }

// Next returns the number from which on items are not looked at yet.
func (p *Page) Next() uint64 {
	if p.block < 0 {
		return p.first
	}
	return p.End()
}

// End returns the number after that of the last item that the page can have.
func (p *Page) End() uint64 {
	if p.n == 0 {
		return p.first + MaxItems
	}
	return p.first + uint64(p.n)
}

// AddRecord copies a record. Of one item's records the one added last counts.
func (p *Page) AddRecord(key, value []byte) {
	s := stored{at: len(p.copied)}
	p.copied = append(p.copied, key...)
	s.value = len(p.copied)
	p.copied = append(p.copied, value...)
	s.end = len(p.copied)
	p.records = append(p.records, s)
}

// SetBlock copies the block, once all records are there.
func (p *Page) SetBlock(value []byte) {
	p.block = len(p.copied)
	p.copied = append(p.copied, value...)
}

// size returns about how many bytes the page retains.
func (p *Page) size() int {
	return cap(p.copied) + cap(p.decoder.raw) + cap(p.decoder.keys) + 32*cap(p.decoder.fields)
}

// Keep gives the memory of the entries to the caller; the page uses new memory from here on.
func (p *Page) Keep() {
	p.copied = make([]byte, 0, cap(p.copied))
	p.decoder = decoder{items: p.decoder.items}
}

// Decode fills in Entries and Stored. They share the page's memory.
func (p *Page) Decode(want States) error {
	p.Entries, p.Stored = p.Entries[:0], p.Stored[:0]
	if p.block < 0 {
		return nil
	}
	items, err := p.decoder.decode(p.first, p.copied[p.block:])
	if err != nil {
		return codec.Damaged("the items from %d on: %v", p.first, err)
	}
	if p.n > 0 && len(items) != p.n {
		return codec.Damaged("items %d to %d are missing", p.first+uint64(len(items)), p.first+uint64(p.n)-1)
	}
	if err := p.decodeRecords(len(items)); err != nil {
		return err
	}
	kept := 0
	for i := range items {
		if !want.Has(p.Entries[i].State) {
			continue
		}
		if kept != i {
			p.Entries[kept].Record, p.Stored[kept] = p.Entries[i].Record, p.Stored[i]
		}
		p.Entries[kept].Item = items[i]
		kept++
	}
	p.Entries, p.Stored = p.Entries[:kept], p.Stored[:kept]
	return nil
}

// Any reports whether an item is in a wanted state, without a look at the block. The number of items must be known.
func (p *Page) Any(want States) (bool, error) {
	if err := p.decodeRecords(p.n); err != nil {
		return false, err
	}
	for i := range p.Entries {
		if want.Has(p.Entries[i].State) {
			return true, nil
		}
	}
	return false, nil
}

// decodeRecords fills in the records of n items.
func (p *Page) decodeRecords(n int) error {
	p.Entries, p.Stored = slices.Grow(p.Entries[:0], n)[:n], slices.Grow(p.Stored[:0], n)[:n]
	for i := range n {
		p.Entries[i].Record, p.Stored[i] = queue.Record{State: queue.Pending}, false
	}
	for _, s := range p.records {
		k := p.copied[s.at:s.value]
		rec, err := recordAt(k, p.copied[s.value:s.end], (*codec.Reader).Text)
		if err != nil {
			return err
		}
		if i := binary.BigEndian.Uint64(k) - p.first; i < uint64(n) {
			p.Entries[i].Record, p.Stored[i] = rec.Record, true
		}
	}
	return nil
}

// RecordAt decodes a record as it is stored: bound to a key that begins with the item's sequence number.
func RecordAt(key, value []byte) (Record, error) {
	return recordAt(key, value, (*codec.Reader).String)
}

func recordAt(key, value []byte, text func(*codec.Reader) string) (Record, error) {
	if len(key) < 8 {
		return Record{}, codec.Damaged("a record of no item")
	}
	seq := binary.BigEndian.Uint64(key)
	value, ok := codec.Bound(key, value)
	if !ok {
		return Record{}, codec.Damaged("the record of item %d is garbled", seq)
	}
	rec, err := decodeRecord(value, text)
	if err != nil {
		return rec, codec.Damaged("the record of item %d: %v", seq, err)
	}
	return rec, nil
}

// HistoryAt decodes a history as it is stored: bound to the sequence number of the object's first item.
func HistoryAt(key, value []byte) (h queue.History, err error) {
	value, ok := codec.Bound(key, value)
	if ok && len(key) == 8 {
		if h, err = DecodeHistory(value); err == nil {
			return h, nil
		}
	}
	return h, codec.Damaged("the history of item %d: %v", seqOf(key), codec.ErrGarbled)
}

// seqOf returns the sequence number that a key begins with, or 0 if it is too short.
func seqOf(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key)
}
