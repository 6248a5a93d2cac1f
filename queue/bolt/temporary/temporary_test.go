package temporary_test

import (
	"os"
	"runtime"
	"testing"

	"airlift/queue"
	"airlift/queue/bolt/temporary"
)

// A temporary queue works, and leaves nothing: after a Close, and where open files can be removed not even if the process is
// killed.
func TestTemporary(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder)
	left := func(when string) {
		t.Helper()
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s: got %v, %v, want an empty folder", when, left, err)
		}
	}
	db, err := temporary.Open()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		left("while it is open")
	}
	if err := db.CreateBatch(t.Context(), queue.Batch{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	rows := []queue.Item{{Bucket: "src", Key: "a"}, {Bucket: "src", Key: "b"}}
	if added, err := db.Add(t.Context(), "b", queue.Chunk{Items: rows}); err != nil || added.Added != 2 {
		t.Errorf("got %+v, %v, want 2 added", added, err)
	}
	if err := queue.CheckPlace(db); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	left("after Close")
	t.Setenv("TMPDIR", folder+"/none")
	t.Setenv("TMP", folder+"/none")
	if _, err := temporary.Open(); err == nil {
		t.Error("got no error without a folder")
	}
}
