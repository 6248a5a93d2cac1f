package memory

import (
	"fmt"
	"runtime"
	"testing"

	"airlift/queue"
)

// A dry run of millions of plain rows holds them all: each costs at most 200 bytes, its key among them, whether what is
// known of its object stands in columns or not.
func TestPlainRowsAreSmall(t *testing.T) {
	t.Run("columns", func(t *testing.T) {
		smallRows(t, func(it *queue.Item, size int64, etag string) {
			it.Extra = []queue.Field{{Name: "size", Value: fmt.Sprint(size)}, {Name: "etag", Value: etag}}
		})
	})
	t.Run("details", func(t *testing.T) {
		smallRows(t, func(it *queue.Item, size int64, etag string) { it.Details = &queue.Details{Size: size, ETag: etag} })
	})
}

func smallRows(t *testing.T, fill func(it *queue.Item, size int64, etag string)) {
	const rows, chunk, most = 50_000, 16 << 10, 200
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	q := New()
	ctx := t.Context()
	if err := q.CreateBatch(ctx, queue.Batch{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	items := make([]queue.Item, 0, chunk)
	for i := range rows {
		it := queue.Item{Line: int64(i), Bucket: "media-archive", Key: fmt.Sprintf("archive/2024/%03d/reel-%09d.mov", i/1000, i), Content: queue.Content(i)}
		fill(&it, int64(1000000+i), fmt.Sprintf("%032x", i))
		items = append(items, it)
		if len(items) == chunk || i == rows-1 {
			if _, err := q.Add(ctx, "b", queue.Chunk{Items: items}); err != nil {
				t.Fatal(err)
			}
			items = items[:0]
		}
	}
	each := (heap() - before) / rows
	runtime.KeepAlive(q)
	t.Logf("%d bytes an item", each)
	if each > most {
		t.Errorf("%d bytes an item, want at most %d", each, most)
	}
}
