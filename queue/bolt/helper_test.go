package bolt

import (
	"fmt"
	"testing"

	"go.etcd.io/bbolt"

	"airlift/queue"
)

// archiveRow is row n of the manifest of a media archive.
func archiveRow(n int) queue.Item {
	key := fmt.Sprintf("productions/2019/reel-%03d/camera-%d/take-%06d.mov", n/5000, n%5000/1000, n)
	size, tag := fmt.Sprint(1000003*(n%977)+n), fmt.Sprintf("%08x", uint32(n)*2654435761)
	return queue.Item{
		Line: int64(n + 2), Bucket: "media-archive", Key: key,
		Extra: []queue.Field{{Name: "size", Value: size}, {Name: "tag", Value: tag}},
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

// bucketAt returns a bucket within buckets.
func bucketAt(tx *bbolt.Tx, path [][]byte) *bbolt.Bucket {
	b := tx.Bucket(path[0])
	for _, name := range path[1:] {
		b = b.Bucket(name)
	}
	return b
}

// The parts of bbolt's meta page that these tests read and spoil.
const (
	pageHeader = 16
	metaHigh   = 40 // pages in use
	metaSum    = 56
)
