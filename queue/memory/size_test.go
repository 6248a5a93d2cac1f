package memory

import (
	"fmt"
	"runtime"
	"testing"

	"airlift/queue"
)

// A dry run of millions of plain rows holds them all: each costs at most 200 bytes, its key among them.
func TestPlainRowsAreSmall(t *testing.T) {
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
		items = append(items, queue.Item{Line: int64(i), Bucket: "media-archive", Key: fmt.Sprintf("archive/2024/%03d/reel-%09d.mov", i/1000, i), Content: queue.Content(i),
			Extra: []queue.Field{{Name: "size", Value: fmt.Sprint(1000000 + i)}, {Name: "etag", Value: fmt.Sprintf("%032x", i)}}})
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
