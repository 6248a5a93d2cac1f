package bolt

import (
	"slices"

	"airlift/queue"
)

// growth is new items as they will be stored.
type growth struct {
	items     int
	versions  int // of the items
	unsourced int // of the items
	own       queue.OwnCounts
	columns   []string
	base      uint64   // seq of the first
	starts    []uint64 // of each block, by its first item's seq less base
	blocks    [][]byte
	histories []kept
}

// grow takes up new items.
func (g *growth) grow(items []queue.Item) error {
	g.items = len(items)
	for i := range items {
		count(&g.versions, items[i].Version != 0)
		count(&g.unsourced, items[i].Unsourced)
	}
	g.describe(items)
	return g.pack(items)
}

// describe counts the own fields of new items and lists their extra columns.
func (g *growth) describe(items []queue.Item) {
	seen := map[string]bool{}
	var last []queue.Field
	for i := range items {
		it := &items[i]
		count(&g.own.Services, len(it.Own.Services) > 0)
		count(&g.own.Priority, it.Own.Priority != 0)
		count(&g.own.Destination, it.Own.DestinationBucket != "" && it.Own.DestinationRegion != "")
		count(&g.own.Partial, (it.Own.DestinationBucket != "") != (it.Own.DestinationRegion != ""))
		count(&g.own.Region, it.Own.SourceRegion != "")
		count(&g.own.Endpoint, it.Own.SourceEndpoint != "")
		if sameColumns(last, it.Extra) {
			continue
		}
		last = it.Extra
		for _, f := range it.Extra {
			if !seen[f.Name] {
				seen[f.Name] = true
				g.columns = append(g.columns, f.Name)
			}
		}
	}
}

func count[N int | int64](n *N, yes bool) {
	if yes {
		*n++
	}
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

// store writes and books the items, which are pending.
func (g *growth) store(t *txn, b *batch, bk buckets) {
	m := t.touch(b)
	for i, value := range g.blocks {
		t.put(bk.items, seqKey(g.base+g.starts[i]), value)
	}
	t.keep(b, bk, g.histories)
	m.Batch.Counts.Items += int64(g.items)
	m.Batch.Counts.Pending += int64(g.items)
	m.Batch.Versions += int64(g.versions)
	m.Batch.Unsourced += int64(g.unsourced)
	t.woken = t.woken || g.items > 0
	o := &m.Batch.Own
	o.Services, o.Priority, o.Destination = o.Services+g.own.Services, o.Priority+g.own.Priority, o.Destination+g.own.Destination
	o.Region, o.Endpoint, o.Partial = o.Region+g.own.Region, o.Endpoint+g.own.Endpoint, o.Partial+g.own.Partial
	m.Batch.Columns = append(m.Batch.Columns, without(g.columns, m.Batch.Columns)...)
}

// without returns the names that are not among others, in linear time.
func without(names, others []string) []string {
	if len(names) == 0 {
		return nil
	}
	has := make(map[string]bool, len(others))
	for _, name := range others {
		has[name] = true
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return has[name] })
}
