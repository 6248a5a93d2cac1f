package queue

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
