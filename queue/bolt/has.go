package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// Has reports of each item whether the batch has one of its object, in whatever state; with changed, only if its contents
// make no further item (see [queue.Chunk]). So the others are those that Add would add, repeated ones as well.
func (db *DB) Has(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error) {
	b, err := db.lookup(id)
	if err != nil {
		return nil, fmt.Errorf("has: %w", err)
	}
	rows := b.index.Rows(items)
	if err := b.intake.lock(ctx); err != nil {
		return nil, err
	}
	defer b.intake.unlock()
	s, err := db.split(ctx, b, items, rows, changed, false)
	if err != nil {
		return nil, fmt.Errorf("has: %w", err)
	}
	has := make([]bool, len(items))
	for same := range index.Objects(rows, nil) {
		add := false
		for _, r := range same {
			add = add || s.isNew[r.N]
		}
		for _, r := range same {
			has[r.N] = !add
		}
	}
	return has, nil
}
