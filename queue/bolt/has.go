package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
)

// Has reports of each item whether the batch has one of its object, in whatever state; with changed, only if its contents
// make no further item (see [queue.Chunk]). So the others are those that Add would add, repeated ones as well.
func (db *DB) Has(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error) {
	b, err := db.lookup(id)
	if err != nil {
		return nil, fmt.Errorf("has: %w", err)
	}
	refs := prepare(db.indexKey, items)
	if err := b.adding.lock(ctx); err != nil {
		return nil, err
	}
	defer b.adding.unlock()
	if err := db.loadBloom(ctx, b, 0); err != nil {
		return nil, fmt.Errorf("has: %w", err)
	}
	s, err := db.sift(ctx, b, items, refs, changed, false)
	if err != nil {
		return nil, fmt.Errorf("has: %w", err)
	}
	has := make([]bool, len(items))
	for len(refs) > 0 {
		n, add := 0, false
		for n < len(refs) && refs[n].hash == refs[0].hash {
			add = add || s.isNew[refs[n].row]
			n++
		}
		for _, r := range refs[:n] {
			has[r.row] = !add
		}
		refs = refs[n:]
	}
	return has, nil
}
