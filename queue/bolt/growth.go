package bolt

import "airlift/queue"

// growth is new items as they will be stored.
type growth struct {
	totals    queue.Totals
	base      uint64   // seq of the first
	starts    []uint64 // of each block, by its first item's seq less base
	blocks    [][]byte
	histories []kept
}

// grow takes up new items.
func (g *growth) grow(items []queue.Item) error {
	g.totals.Add(items)
	return g.pack(items)
}

// pack makes the blocks, on all cores.
func (g *growth) pack(items []queue.Item) error {
	var pieces [][]queue.Item
	for rest := items; len(rest) > 0; {
		n := blockLen(rest)
		pieces = append(pieces, rest[:n])
		g.starts = append(g.starts, uint64(len(items)-len(rest)))
		rest = rest[n:]
	}
	g.blocks = make([][]byte, len(pieces))
	errs := make([]error, len(pieces))
	each(len(pieces), func() func(i int) {
		var p packer
		return func(i int) { g.blocks[i], errs[i] = p.pack(pieces[i]) }
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// store writes and books the items, which are pending. They belong to the present reading if read is set.
func (g *growth) store(t *txn, b *batch, bk buckets, read bool) {
	for i, value := range g.blocks {
		t.put(bk.items, seqKey(g.base+g.starts[i]), value)
	}
	t.keep(b, bk, g.histories)
	t.touch(b).Batch.AddItems(&g.totals, read)
	t.woken = t.woken || g.totals.Items > 0
}
