package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/queuetest"
)

func wantErr(t testing.TB, err, want error, words ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want it to say %q", err, w)
		}
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	mustOpen(t, path)
	start := time.Now()
	_, err := Open(path, Options{LockTimeout: 100 * time.Millisecond})
	wantErr(t, err, queue.ErrLocked, path, "the same command carries on")
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("the second open took %v, want about 100 ms", d)
	}
	_, _, err = Compact(path, Options{LockTimeout: time.Millisecond})
	wantErr(t, err, queue.ErrLocked, path)
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "airlift")
	path := filepath.Join(dir, "q.db")
	_, err := Open(path, Options{MustExist: true})
	wantErr(t, err, queue.ErrNotExist, path)
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made for a queue that must exist")
	}
	db := mustOpen(t, path)
	if db.Path() != path {
		t.Errorf("path: got %q, want %q", db.Path(), path)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, dir: 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode() != want {
			t.Errorf("mode of %s: got %v, want %v", name, info.Mode(), want)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 2 || list[1].Name() != "q.db.lock" {
		t.Errorf("the folder holds %v, %v, want the queue and its lock", list, err)
	}
}

// TestCreateRace lets many create one queue: one of them gets it, the others find it locked and whole.
func TestCreateRace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "q.db")
	type opened struct {
		db  *DB
		err error
	}
	ch := make(chan opened)
	for range 8 {
		go func() {
			db, err := Open(path, Options{LockTimeout: time.Millisecond})
			ch <- opened{db, err}
		}()
	}
	var got []*DB
	for range 8 {
		switch o := <-ch; {
		case o.err == nil:
			got = append(got, o.db)
		case !errors.Is(o.err, queue.ErrLocked):
			t.Errorf("got error %v, want ErrLocked", o.err)
		}
	}
	if len(got) != 1 {
		t.Fatalf("%d hold the queue at once, want 1", len(got))
	}
	must(t, got[0].Close())
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("the folder holds %v, want the queue alone", list)
	}
}

// someQueue makes a closed queue with items in several states and returns its bytes.
func someQueue(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "some.db")
	db, err := Open(path, Options{})
	must(t, err)
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	rows := make([]queue.Item, 3000)
	for i := range rows {
		rows[i] = archiveRow(i)
	}
	_, err = db.Add(t.Context(), "b", queue.Chunk{Items: rows, Rejected: []queue.Rejected{{Line: 1, Reason: "r"}}})
	must(t, err)
	must(t, db.EndReading(t.Context(), "b", true))
	list, err := queuetest.On(db).Claim(t.Context(), queue.ClaimRequest{Batches: []string{"b"}, Max: 500, Day: 1})
	must(t, err)
	for i, c := range list {
		to := []queue.State{queue.Submitted, queue.Failed, queue.InDoubt, queue.Pending}[i%4]
		_, err := queuetest.On(db).Finish(t.Context(), []queue.Result{{Batch: "b", Seq: c.Seq, To: to, JobID: fmt.Sprint("j", c.Seq)}})
		must(t, err)
		if i == 60 {
			break
		}
	}
	must(t, db.SetGate(t.Context(), queue.DefaultAccount, queue.Gate{Stopped: true, Reason: "a test"}))
	must(t, db.Close())
	data, err := os.ReadFile(path)
	must(t, err)
	return data[:binary.LittleEndian.Uint64(data[pageHeader+metaHigh:])*4096] // the rest is not in use
}

func TestDamagedFiles(t *testing.T) {
	some := someQueue(t)
	high := binary.LittleEndian.Uint64(some[pageHeader+metaHigh:]) * 4096
	both := bytes.Clone(some)
	both[pageHeader+metaSum] ^= 1
	both[4096+pageHeader+metaSum] ^= 1
	for name, data := range map[string][]byte{
		"zero length":       nil,
		"one byte":          []byte("x"),
		"text":              []byte("bucket,key\na,b\n"),
		"long garbage":      bytes.Repeat([]byte("garbage "), 10000),
		"zeroes":            make([]byte, 1<<16),
		"cut to its header": some[:8192],
		"cut in the middle": some[:high/2/4096*4096],
		"short of a page":   some[:high-4096],
		"both metas broken": both,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "q.db")
			must(t, os.WriteFile(path, data, 0o600))
			_, err := Open(path, Options{})
			wantErr(t, err, queue.ErrCorrupt, path, "restore")
			after, err := os.ReadFile(path)
			must(t, err)
			if !bytes.Equal(after, data) {
				t.Error("the damaged file was changed")
			}
		})
	}
}

// TestDamagedPages overwrites one page after another: opening, checking and using such a file may fail but must not panic,
// and the check must see the pages that matter.
func TestDamagedPages(t *testing.T) {
	some := someQueue(t)
	high := int(binary.LittleEndian.Uint64(some[pageHeader+metaHigh:]))
	dir := t.TempDir()
	found := 0
	for page := 2; page < high; page++ {
		data := bytes.Clone(some)
		for i := range 4096 {
			data[page*4096+i] = byte(i*7 + page)
		}
		// A name for each: if bbolt panics in its Open, its map of the file stays, and with it the lock.
		path := filepath.Join(dir, fmt.Sprint(page))
		must(t, os.WriteFile(path, data, 0o600))
		db, err := Open(path, Options{})
		if err != nil {
			wantErr(t, err, queue.ErrCorrupt)
			found++
			continue
		}
		report, err := db.Check(t.Context(), nil)
		if err != nil || !report.OK() {
			found++
		}
		_ = queuetest.On(db).Entries(t.Context(), "b", queue.Filter{}, func(*queue.Entry) error { return nil })
		_, _ = queuetest.On(db).Claim(t.Context(), queue.ClaimRequest{Batches: []string{"b"}, Max: 5})
		_, _ = db.Add(t.Context(), "b", queue.Chunk{Items: []queue.Item{{Key: "x"}}})
		_ = db.Close()
	}
	if found == 0 {
		t.Error("no damaged page was found")
	}
	t.Logf("damage to %d of %d pages was found; the others are free", found, high-2)
}

func TestOneMetaBroken(t *testing.T) {
	some := someQueue(t)
	for meta := range 2 {
		data := bytes.Clone(some)
		data[meta*4096+pageHeader+metaSum] ^= 1
		path := filepath.Join(t.TempDir(), "q.db")
		must(t, os.WriteFile(path, data, 0o600))
		db := mustOpen(t, path)
		if report, err := db.Check(t.Context(), nil); err != nil || !report.OK() {
			t.Errorf("meta %d broken: check: got %q, %v, want nothing", meta, report.Problems, err)
		}
	}
}

func TestOtherFormats(t *testing.T) {
	edit := func(name string, fn func(tx *bbolt.Tx) error) string {
		path := filepath.Join(t.TempDir(), "q.db")
		must(t, os.WriteFile(path, someQueue(t), 0o600))
		db, err := bbolt.Open(path, 0o600, nil)
		must(t, err)
		must(t, db.Update(fn))
		must(t, db.Close())
		return path
	}
	path := edit("newer", func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, binary.BigEndian.AppendUint32(nil, format+1))
	})
	_, err := Open(path, Options{})
	wantErr(t, err, queue.ErrNewer, path, fmt.Sprint(format+1))
	_, _, err = Compact(path, Options{})
	wantErr(t, err, queue.ErrNewer, path)
	older := edit("older", func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, binary.BigEndian.AppendUint32(nil, formerFormat-1))
	})
	before, err := os.ReadFile(older)
	must(t, err)
	_, err = Open(older, Options{})
	wantErr(t, err, queue.ErrOlder, older, "format 2", "airlift adopt")
	if after, _ := os.ReadFile(older); !bytes.Equal(before, after) {
		t.Error("an older file was changed")
	}
	path = edit("other", func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyMagic) })
	_, err = Open(path, Options{})
	wantErr(t, err, queue.ErrCorrupt, "something else")
	path = edit("lacking", func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketBatches).Bucket(numKey(1)).DeleteBucket(bucketReady)
	})
	_, err = Open(path, Options{})
	wantErr(t, err, queue.ErrCorrupt, "batch 1")
}
