package bolt

import (
	"slices"

	"airlift/queue"
)

// page is a block of items and their records, copied out of a transaction and decoded afterwards. Its memory is used again
// after a reset.
type page struct {
	first  uint64   // its first item
	n      int      // how many there are; 0: as many as the block has
	copied []byte   // the records, and behind them the block
	stored []stored // where the records are
	block  int      // where the block begins
	filled bool     // there is one

	unpacker
	entries []queue.Entry
	in      []where // of the entries
}

// stored is a record as it lies in copied: its key from at to value, and its value to end.
type stored struct {
	in             where
	at, value, end int
}

// mostKept bounds the memory of a page that is used again: rows of megabytes are rare.
const mostKept = 4 << 20

// size is about how many bytes the page holds on to.
func (p *page) size() int { return cap(p.copied) + cap(p.raw) + cap(p.keys) + 32*cap(p.fields) }

// reset makes the page empty.
func (p *page) reset() {
	p.first, p.n, p.filled = 0, 0, false
	p.copied, p.stored, p.entries, p.in = p.copied[:0], p.stored[:0], p.entries[:0], p.in[:0]
}

// Keep leaves what the entries point to for good to whoever has it, and uses other memory from here on.
func (p *page) Keep() {
	p.copied = make([]byte, 0, cap(p.copied))
	p.unpacker = unpacker{items: p.items}
}

// copyRecords takes over what is stored of the page's items. Later ones win: results are in order of generation, and what
// is ready or open has outlived its results.
func (p *page) copyRecords(from *[3]position) {
	n := p.n
	if n == 0 {
		n = blockItems
	}
	behind := p.first + uint64(n)
	for i, in := range []where{inResult, inReady, inOpen} {
		for at := &from[i]; at.k != nil && keySeq(at.k) < behind; at.step() {
			s := stored{in: in, at: len(p.copied)}
			p.copied = append(p.copied, at.k...)
			s.value = len(p.copied)
			p.copied = append(p.copied, at.v...)
			s.end = len(p.copied)
			p.stored = append(p.stored, s)
		}
	}
}

func (p *page) copyBlock(value []byte) {
	p.block, p.filled = len(p.copied), true
	p.copied = append(p.copied, value...)
}

// decode fills in the entries that are in a wanted state. They share the page's memory.
func (p *page) decode(want states) error {
	p.entries, p.in = p.entries[:0], p.in[:0]
	if !p.filled {
		return nil
	}
	items, err := p.unpack(p.first, p.copied[p.block:])
	if err != nil {
		return damaged("the items from %d on: %v", p.first, err)
	}
	if p.n > 0 && len(items) != p.n {
		return damaged("items %d to %d are missing", p.first+uint64(len(items)), p.first+uint64(p.n)-1)
	}
	if err := p.records(len(items)); err != nil {
		return err
	}
	kept := 0
	for i := range items {
		if !want.has(p.entries[i].State) {
			continue
		}
		if kept != i {
			p.entries[kept].Record, p.in[kept] = p.entries[i].Record, p.in[i]
		}
		p.entries[kept].Item = items[i]
		kept++
	}
	p.entries, p.in = p.entries[:kept], p.in[:kept]
	return nil
}

// wants reports whether any item is in a wanted state.
func (p *page) wants(want states) (bool, error) {
	if err := p.records(p.n); err != nil {
		return false, err
	}
	for i := range p.entries {
		if want.has(p.entries[i].State) {
			return true, nil
		}
	}
	return false, nil
}

// records fills in the present records of n items.
func (p *page) records(n int) error {
	p.entries, p.in = slices.Grow(p.entries[:0], n)[:n], slices.Grow(p.in[:0], n)[:n]
	for i := range n {
		p.entries[i].Record, p.in[i] = queue.Record{State: queue.Pending}, implied
	}
	for _, s := range p.stored {
		k := p.copied[s.at:s.value]
		rec, err := sharedRecordAt(k, p.copied[s.value:s.end])
		if err != nil {
			return err
		}
		if i := keySeq(k) - p.first; i < uint64(n) {
			p.entries[i].Record, p.in[i] = rec.Record, s.in
		}
	}
	return nil
}
