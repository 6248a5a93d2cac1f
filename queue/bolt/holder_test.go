package bolt

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/bolt/file"
	"airlift/queue/hold"
	"airlift/queue/queuetest"
)

// short is how long the opens of these tests wait for a lock.
var short = Options{LockTimeout: time.Millisecond}

// replace puts a copy of the queue in its place, as a sync tool or a restore does.
func replace(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path+".copy", data, 0o600))
	must(t, os.Rename(path+".copy", path))
}

func TestLockFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	db := mustOpen(t, path)
	data, err := os.ReadFile(file.LockPath(path))
	must(t, err)
	var h hold.Holder
	must(t, json.Unmarshal(data, &h))
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	id, err := hold.IdentityOf(f)
	must(t, err)
	host, _ := os.Hostname()
	if h.PID != os.Getpid() || h.Host != host || h.File != id || h.Started.IsZero() {
		t.Errorf("the lock file says %s", data)
	}
	if info, _ := os.Stat(file.LockPath(path)); info.Mode() != 0o600 {
		t.Errorf("mode of the lock file: got %v", info.Mode())
	}
	_, err = Open(path, short)
	wantErr(t, err, queue.ErrLocked, fmt.Sprintf("process %d on", os.Getpid()), "wait for it to end")
	must(t, db.Close())
	if _, err := os.Stat(file.LockPath(path)); err == nil {
		t.Error("the lock file is still there after Close")
	}
}

// TestReplacedQueue puts another file, or none, in the place of a queue in use.
func TestReplacedQueue(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(t *testing.T, path string)
		says string
	}{
		"a copy": {replace, "the file at this path was replaced"},
		"none":   {func(t *testing.T, path string) { must(t, os.Remove(path)) }, "removed"},
		"its folder moved away": {func(t *testing.T, path string) {
			dir := filepath.Dir(path)
			must(t, os.Rename(dir, dir+"2"))
			must(t, os.Mkdir(dir, 0o700))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			path := filepath.Join(dir, "q.db")
			db := mustOpen(t, path)
			must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
			_, err := db.Add(t.Context(), "b", queue.Chunk{Items: []queue.Item{archiveRow(1), archiveRow(2)}})
			must(t, err)
			list, err := queuetest.On(db).Claim(t.Context(), queue.ClaimRequest{Batches: []string{"b"}, Max: 1, Day: 1})
			must(t, err)
			must(t, db.CheckPlace())
			test.do(t, path)
			if test.says != "" {
				_, err = Open(path, short)
				wantErr(t, err, queue.ErrLocked, fmt.Sprintf("process %d on", os.Getpid()), test.says, "end that process first")
			}
			// What is in flight is stored all the same.
			_, err = queuetest.On(db).Finish(t.Context(), []queue.Result{{Batch: "b", Seq: list[0].Seq, To: queue.Submitted, JobID: "j"}})
			must(t, err)
			wantErr(t, db.CheckPlace(), queue.ErrReplaced, path)
			must(t, db.Close()) // it was said already
		})
	}
}

// TestReplacedUnseen closes a queue that was replaced since anybody looked.
func TestReplacedUnseen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	db := mustOpen(t, path)
	replace(t, path)
	wantErr(t, db.Close(), queue.ErrReplaced, path)
	mustOpen(t, path) // the new file is free
}

// TestOverwrittenInPlace copies other bytes into the file of a queue in use.
func TestOverwrittenInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	db := mustOpen(t, path)
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	old, err := os.ReadFile(path)
	must(t, err)
	_, err = db.Add(t.Context(), "b", queue.Chunk{Items: []queue.Item{archiveRow(1)}})
	must(t, err)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt(old, 0)
	must(t, err)
	must(t, f.Close())
	_, err = queuetest.On(db).Claim(t.Context(), queue.ClaimRequest{Batches: []string{"b"}, Max: 1, Day: 1})
	wantErr(t, err, queue.ErrBroken, path, "wrote over the file")
}

// TestAllNamesAreOne opens a queue by links to it, to its folder, and by a link that waits for its target.
func TestAllNamesAreOne(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "real"), 0o700))
	must(t, os.Symlink("real", filepath.Join(dir, "folder")))
	must(t, os.Symlink("folder/q.db", filepath.Join(dir, "link")))
	must(t, os.Symlink(filepath.Join(dir, "link"), filepath.Join(dir, "second")))
	path := filepath.Join(dir, "real", "q.db")
	db := mustOpen(t, filepath.Join(dir, "second")) // dangling: its target is made
	if db.Path() != path {
		t.Errorf("path: got %q, want %q", db.Path(), path)
	}
	for _, name := range []string{"real/q.db", "folder/q.db", "link", "second", "./real/../folder/q.db"} {
		_, err := Open(filepath.Join(dir, name), short)
		wantErr(t, err, queue.ErrLocked, "process")
		_, _, err = Compact(filepath.Join(dir, name), short)
		wantErr(t, err, queue.ErrLocked, "process")
	}
	must(t, db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
	must(t, db.Close())
	_, _, err := Compact(filepath.Join(dir, "link"), short)
	must(t, err)
	if info, err := os.Lstat(filepath.Join(dir, "link")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("compact replaced the link: %v, %v", info, err)
	}
	db = mustOpen(t, path)
	if _, err := db.Batch(t.Context(), "b"); err != nil {
		t.Error(err)
	}
	must(t, os.Remove(filepath.Join(dir, "link")))
	must(t, os.Symlink("circle", filepath.Join(dir, "circle")))
	if _, err := Open(filepath.Join(dir, "circle"), short); err == nil || !strings.Contains(err.Error(), "links") {
		t.Errorf("a circle of links: got %v", err)
	}
}

// TestLinkTurned makes the name of a queue in use lead to another.
func TestLinkTurned(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "q")
	must(t, os.Symlink("one.db", name))
	db := mustOpen(t, name)
	must(t, os.Remove(name))
	must(t, os.WriteFile(filepath.Join(dir, "two.db"), someQueue(t), 0o600))
	must(t, os.Symlink("two.db", name))
	wantErr(t, db.CheckPlace(), queue.ErrReplaced, name)
}

func TestHardLinks(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "q.db"), filepath.Join(dir, "other.db")
	must(t, os.WriteFile(path, someQueue(t), 0o600))
	must(t, os.Link(path, other))
	_, _, err := Compact(path, short)
	wantErr(t, err, queue.ErrLinked, path, "2 hard links")
	mustOpen(t, path)
	_, err = Open(other, short)
	wantErr(t, err, queue.ErrLocked, "another name")
}

// TestLeftByKills opens a queue beside all that killed processes can leave, and beside what is not ours.
func TestLeftByKills(t *testing.T) {
	for name, record := range map[string]string{
		"empty": "", "torn": `{"pi`, "zeroes": "\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"of a reused pid": fmt.Sprintf(`{"pid":%d,"host":"x","file":{"device":1,"inode":2}}`, os.Getpid()),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "q.db")
			for left, data := range map[string]string{file.LockPath(path): record, path + ".new": "torn", file.CompactPath(path): "torn"} {
				must(t, os.WriteFile(left, []byte(data), 0o600))
			}
			_, err := Open(path, Options{MustExist: true})
			wantErr(t, err, queue.ErrNotExist)
			must(t, mustOpen(t, path).Close())
			if list, _ := os.ReadDir(dir); len(list) != 1 {
				t.Errorf("the folder holds %v, want the queue alone", list)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "Cargo")
	must(t, os.WriteFile(file.LockPath(path), []byte("# generated by Cargo\n"), 0o600))
	if _, err := Open(path, short); err == nil || !strings.Contains(err.Error(), "belongs to something else") {
		t.Errorf("a lock file of somebody else: got %v", err)
	}
	if data, _ := os.ReadFile(file.LockPath(path)); string(data) != "# generated by Cargo\n" {
		t.Errorf("it was changed to %q", data)
	}
}
