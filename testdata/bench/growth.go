package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt"
)

func init() { tasks["airlift-growth"] = airliftGrowth }

// The figures of a growth sample.
const (
	enqueueCPU   = "enqueue, CPU us/item"
	enqueueBytes = "enqueue, bytes/item"
	drainCPU     = "drain, CPU us/item"
	drainBytes   = "drain, bytes/item"
)

// growthContest enqueues queues of several sizes, and drains the same number of items from each.
func growthContest(b *bench) *contest {
	sizes := []int{b.size(100_000), b.size(1_000_000), b.size(5_000_000)}
	least, most := short(sizes[0]), short(sizes[2])
	sizes = append(sizes, b.sizes...)
	slices.Sort(sizes)
	c := &contest{name: "growth"}
	for _, n := range slices.Compact(sizes) {
		a := args{N: n, More: map[string]string{"drain": fmt.Sprint(sizes[0])}}
		c.contestants = append(c.contestants, contestant{name: short(n),
			measure: func(ctx context.Context) (sample, error) { return b.child(ctx, "airlift-growth", a) }})
	}
	for _, name := range []string{enqueueCPU, enqueueBytes, drainCPU, drainBytes} {
		c.rows = append(c.rows, line{
			what: fmt.Sprintf("%s at %s by %s", name, most, least),
			ours: figure{most, name}, peer: figure{least, name}, most: 1.1,
		})
	}
	if b.svg != "" {
		c.done = func(m *measured) error { return drawGrowth(b.svg, m) }
	}
	return c
}

func airliftGrowth(a args, m *meter) error {
	db, err := bolt.Open(filepath.Join(a.Dir, "queue.db"), bolt.Options{})
	if err != nil {
		return err
	}
	err = errors.Join(grow(a, db, m), db.Close())
	*m = meter{out: m.out} // its figures have names of their own
	return err
}

func grow(a args, db *bolt.DB, m *meter) error {
	ctx := context.Background()
	if err := db.CreateBatch(ctx, queue.Batch{ID: batchID, Settings: settings}); err != nil {
		return err
	}
	if err := db.BeginReading(ctx, batchID, false); err != nil {
		return err
	}
	enqueue := &meter{profile: m.profile}
	err := chunks(a.N, addRows, nil, func(rows []queue.Item) error {
		quietly()
		return enqueue.do(func() error {
			_, err := add(ctx, db, rows)
			return err
		})
	})
	if err != nil {
		return err
	}
	if err := enqueue.do(func() error { return db.EndReading(ctx, batchID, true) }); err != nil {
		return err
	}
	drain := &meter{}
	drained := min(a.int("drain"), a.N)
	if err := work(db, &noAPI{}, drained, drain); err != nil {
		return err
	}
	for _, part := range []struct {
		m          *meter
		n          int
		cpu, bytes string
	}{{enqueue, a.N, enqueueCPU, enqueueBytes}, {drain, drained, drainCPU, drainBytes}} {
		m.out[part.cpu] = float64(part.m.cpu.Microseconds()) / float64(part.n)
		m.out[part.bytes] = float64(part.m.wrote) / float64(part.n)
	}
	return nil
}
