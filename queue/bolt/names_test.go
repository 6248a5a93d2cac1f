package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"airlift/queue"
)

func TestBatchIDs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	if _, err := BatchIDs(path); !errors.Is(err, queue.ErrNotExist) {
		t.Errorf("no queue: got %v", err)
	}
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"zebra", "a b", "ant"} {
		if err := db.CreateBatch(t.Context(), queue.Batch{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := BatchIDs(path); !errors.Is(err, queue.ErrLocked) {
		t.Errorf("a queue that is held: got %v, want ErrLocked", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := BatchIDs(path); err != nil || !slices.Equal(got, []string{"zebra", "a b", "ant"}) {
		t.Errorf("got %q, %v", got, err)
	}
	after, err := os.ReadFile(path)
	files, _ := os.ReadDir(filepath.Dir(path))
	if err != nil || string(after) != string(before) || len(files) != 1 {
		t.Errorf("the queue was changed, or there are further files: %v, %v", files, err)
	}
	for _, content := range []string{"", "no database", string(before[:os.Getpagesize()])} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := BatchIDs(path); err == nil {
			t.Errorf("a queue of %d bytes: got %q", len(content), got)
		}
	}
}
