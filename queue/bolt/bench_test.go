package bolt

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"airlift/queue"
)

// benchRow is a row like those of a media archive; order maps the place in the manifest to the number of the file.
func benchRow(n int) (it queue.Item, bytes int) {
	key := fmt.Sprintf("productions/2019/reel-%03d/camera-%d/take-%06d.mov", n/5000, n%5000/1000, n)
	size, tag := fmt.Sprint(1000003*(n%977)+n), fmt.Sprintf("%08x", uint32(n)*2654435761)
	it = queue.Item{
		Line: int64(n + 2), Bucket: "media-archive", Key: key,
		Extra: []queue.Field{{Name: "size", Value: size}, {Name: "tag", Value: tag}},
	}
	return it, len("media-archive,") + len(key) + 1 + len(size) + 1 + len(tag) + 1
}

// BenchmarkEnqueue adds chunks of 32,768 rows from two callers. Each iteration is one item.
func BenchmarkEnqueue(b *testing.B) {
	for _, name := range []string{"sorted", "random"} {
		b.Run(name, func(b *testing.B) {
			order := make([]int, b.N)
			for i := range order {
				order[i] = i
			}
			if name == "random" {
				order = rand.Perm(b.N)
			}
			rows := make([]queue.Item, b.N)
			total := 0
			for i := range rows {
				it, n := benchRow(order[i])
				rows[i], total = it, total+n
			}
			path := filepath.Join(b.TempDir(), "q.db")
			db := mustOpen(b, path)
			must(b, db.CreateBatch(b.Context(), queue.Batch{ID: "b"}))
			b.ResetTimer()
			addAll(b, db, rows)
			b.StopTimer()
			first := b.Elapsed()
			b.ReportMetric(float64(b.N)/first.Seconds(), "items/s")
			info, err := os.Stat(path)
			must(b, err)
			b.ReportMetric(float64(info.Size())/float64(total), "file/rows")
			b.ReportMetric(float64(info.Size())/float64(b.N), "B-on-disk/item")
			again := time.Now()
			addAll(b, db, rows)
			b.ReportMetric(float64(first)/float64(time.Since(again)), "again/first")
			b.ReportMetric(float64(rssAnon())/1e6, "RssAnon-MB")
			again = time.Now()
			n := 0
			must(b, db.Entries(b.Context(), "b", queue.Filter{}, func(*queue.Entry) error { n++; return nil }))
			b.ReportMetric(float64(n)/time.Since(again).Seconds(), "entries/s")
		})
	}
}

// BenchmarkGrow makes rows as it goes, so that the memory is the engine's own, and then opens the queue again in mid-run.
// Each iteration is one item.
func BenchmarkGrow(b *testing.B) {
	path := filepath.Join(b.TempDir(), "q.db")
	db, err := Open(path, Options{})
	must(b, err)
	must(b, db.CreateBatch(b.Context(), queue.Batch{ID: "b"}))
	peak := 0
	rows := make([]queue.Item, 32768)
	for n := 0; n < b.N; n += len(rows) {
		rows = rows[:min(len(rows), b.N-n)]
		for i := range rows {
			rows[i], _ = benchRow(n + i)
		}
		_, err := db.Add(b.Context(), "b", queue.Chunk{Items: rows})
		must(b, err)
		peak = max(peak, rssAnon())
	}
	b.ReportMetric(float64(peak)/1e6, "RssAnon-MB")
	claim := queue.ClaimRequest{Batches: []string{"b"}, Max: 8, Day: 1}
	_, err = db.Claim(b.Context(), claim)
	must(b, err)
	must(b, db.Close())
	start := time.Now()
	db = mustOpen(b, path)
	b.ReportMetric(float64(time.Since(start).Microseconds())/1e3, "open-ms")
	_, err = db.Claim(b.Context(), claim)
	must(b, err)
	b.ReportMetric(float64(time.Since(start).Microseconds())/1e3, "open+claim-ms")
	start = time.Now()
	_, err = db.Add(b.Context(), "b", queue.Chunk{Items: rows[:1]})
	must(b, err)
	b.ReportMetric(float64(time.Since(start).Microseconds())/1e3, "first-add-ms")
	info, err := os.Stat(path)
	must(b, err)
	b.ReportMetric(float64(info.Size())/float64(b.N), "B-on-disk/item")
}

func addAll(b *testing.B, db *DB, rows []queue.Item) {
	must(b, db.BeginReading(b.Context(), "b"))
	var wg sync.WaitGroup
	var next atomic.Int64
	const chunk = 32768
	for range 2 {
		wg.Go(func() {
			for {
				from := int(next.Add(chunk)) - chunk
				if from >= len(rows) {
					return
				}
				_, err := db.Add(b.Context(), "b", queue.Chunk{Items: rows[from:min(from+chunk, len(rows))]})
				must(b, err)
			}
		})
	}
	wg.Wait()
	must(b, db.EndReading(b.Context(), "b", true))
}

// BenchmarkDrain claims and finishes from 64 callers, one item each or 16 at a time. Each iteration is one item.
func BenchmarkDrain(b *testing.B) {
	for _, each := range []int{1, 16} {
		b.Run(fmt.Sprintf("each=%d", each), func(b *testing.B) {
			db := mustOpen(b, filepath.Join(b.TempDir(), "q.db"))
			must(b, db.CreateBatch(b.Context(), queue.Batch{ID: "b"}))
			rows := make([]queue.Item, b.N)
			for i := range rows {
				rows[i], _ = benchRow(i)
			}
			addAll(b, db, rows)
			commits := db.commits.Load()
			b.ResetTimer()
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					for {
						list, err := db.Claim(b.Context(), queue.ClaimRequest{Batches: []string{"b"}, Max: each, Day: 1})
						must(b, err)
						if len(list) == 0 {
							return
						}
						res := make([]queue.Result, len(list))
						for i, c := range list {
							res[i] = queue.Result{Batch: "b", Seq: c.Seq, To: queue.Submitted, JobID: fmt.Sprintf("%032x", c.Seq), HTTPStatus: 200, At: time.Now()}
						}
						must(b, db.Finish(b.Context(), res))
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
			b.ReportMetric(2*float64(db.commits.Load()-commits)/float64(b.N), "fsyncs/item")
		})
	}
}

func mustOpen(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(path, Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		panic(err)
	}
}

// rssAnon is the anonymous memory of this process in bytes, 0 where /proc does not tell.
func rssAnon() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	kb := 0
	fmt.Sscan(rest, &kb)
	return kb << 10
}
