package bolt

import "go.etcd.io/bbolt"

// position is a cursor with what it stands on.
type position struct {
	c    *bbolt.Cursor
	k, v []byte
}

func (p *position) step() { p.k, p.v = p.c.Next() }

// newCursors stand on the first result, ready and open record from seq on.
func newCursors(bk buckets, seq uint64) *[3]position {
	var all [3]position
	for i, b := range []*bbolt.Bucket{bk.results, bk.ready, bk.open} {
		all[i].c = b.Cursor()
		all[i].k, all[i].v = all[i].c.Seek(seqKey(seq))
	}
	return &all
}
