package file

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"airlift/queue"
)

func write(path string) error { return os.WriteFile(path, []byte("new"), 0o600) }

func is(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestHold goes through the life of a queue's file: missing, made, held, replaced and linked while it is open, free.
func TestHold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(dir, "q.db")
	_, err := Hold(path, 0, nil)
	is(t, "a missing file", err, queue.ErrNotExist)
	full := errors.New("the disk is full")
	_, err = Hold(path, 0, func(string) error { return full })
	is(t, "a file that cannot be made", err, full)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	for _, torn := range []string{newPath(path), CompactPath(path)} {
		if err := write(torn); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Hold(path, 0, write)
	is(t, "a new file", err, nil)
	if left, _ := os.ReadDir(dir); len(left) != 2 || left[0].Name() != "q.db" || left[1].Name() != "q.db.lock" {
		t.Errorf("the folder holds %v, want the queue and its lock", left)
	}
	_, err = Hold(path, time.Millisecond, write)
	is(t, "a second holder", err, queue.ErrLocked)

	handle, err := os.Open(path)
	is(t, "open", err, nil)
	defer handle.Close()
	is(t, "opened", f.Opened(handle), nil)
	is(t, "its place", f.CheckPlace(), nil)
	is(t, "its names", f.OnlyName(), nil)
	is(t, "link", os.Link(path, path+".2"), nil)
	is(t, "its two names", f.OnlyName(), queue.ErrLinked)
	is(t, "remove", os.Remove(path), nil)
	is(t, "its place once removed", f.CheckPlace(), queue.ErrReplaced)
	is(t, "link back", os.Link(path+".2", path), nil)
	is(t, "its place once it is back", f.CheckPlace(), nil)
	is(t, "remove", os.Remove(path), nil)
	is(t, "replace", write(path), nil)
	is(t, "its place once replaced", f.CheckPlace(), queue.ErrReplaced)
	if same, err := f.Names(handle); same || err != nil || !f.Replaced() {
		t.Errorf("replaced: the path names the open file: %t, %v; said so: %t", same, err, f.Replaced())
	}
	f.Release()
	if _, err := os.Stat(LockPath(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the lock file after the release: %v", err)
	}
	again, err := Hold(path, 0, nil)
	is(t, "the next holder", err, nil)
	again.Release()
}

// TestValidate cuts a file of two metas and three pages short, and spoils its metas.
func TestValidate(t *testing.T) {
	const size = 4096
	file := make([]byte, 5*size)
	for n := range 2 {
		m := file[n*size+pageHeader:][:metaSize]
		binary.LittleEndian.PutUint32(m, metaMagic)
		binary.LittleEndian.PutUint32(m[4:], metaVersion)
		binary.LittleEndian.PutUint32(m[metaPageSize:], size)
		binary.LittleEndian.PutUint64(m[metaHigh:], uint64(4-2*n)) // page 0 is the newer one
		binary.LittleEndian.PutUint64(m[metaTxid:], uint64(7-n))
		sum := fnv.New64a()
		sum.Write(m[:metaSum])
		binary.LittleEndian.PutUint64(m[metaSum:], sum.Sum64())
	}
	for name, test := range map[string]struct {
		edit func(b []byte) []byte
		err  error
		trim int // pages
	}{
		"whole":                     {func(b []byte) []byte { return b }, nil, 4},
		"cut short":                 {func(b []byte) []byte { return b[:4*size-1] }, queue.ErrCorrupt, 4},
		"the newer meta spoiled":    {func(b []byte) []byte { b[pageHeader+metaHigh] ^= 1; return b }, nil, 2},
		"the older meta spoiled":    {func(b []byte) []byte { b[size+pageHeader] ^= 1; return b }, nil, 4},
		"both metas spoiled":        {func(b []byte) []byte { b[pageHeader], b[size+pageHeader] = 0, 0; return b }, queue.ErrCorrupt, -1},
		"nothing at all":            {func([]byte) []byte { return nil }, queue.ErrCorrupt, -1},
		"something else altogether": {func(b []byte) []byte { clear(b); return b }, queue.ErrCorrupt, -1},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "q.db")
			is(t, "write", os.WriteFile(path, test.edit(append([]byte{}, file...)), 0o600), nil)
			is(t, "sound", Validate(path), test.err)
			err := Trim(path, 0o640)
			if test.trim < 0 {
				is(t, "trim", err, queue.ErrCorrupt)
				return
			}
			info, _ := os.Stat(path)
			if err != nil || info.Size() != int64(test.trim*size) || info.Mode() != 0o640 {
				t.Errorf("trim: got %v, %d bytes, %v, want %d pages", err, info.Size(), info.Mode(), test.trim)
			}
		})
	}
}
