package bolt

import (
	"fmt"
	"os"
	"path/filepath"

	"airlift/queue"
)

// temporary is a queue whose file nobody else opens and nothing keeps.
type temporary struct {
	*DB
	folder string
}

// OpenTemporary opens a new queue for as long as this process uses it, in a file below [os.TempDir] that Close removes.
// Where the system can remove an open file it has no name from the start, so that a killed process leaves none.
func OpenTemporary() (queue.Store, error) {
	folder, err := os.MkdirTemp("", "airlift-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary queue: %w; TMPDIR names another folder for it", err)
	}
	db, err := Open(filepath.Join(folder, "queue.db"), Options{})
	if err != nil {
		_ = os.RemoveAll(folder)
		return nil, err
	}
	db.bolt.NoSync = true // nothing is read from it after a crash
	_ = os.RemoveAll(folder)
	return &temporary{db, folder}, nil
}

// CheckPlace allows for a file without a name.
func (*temporary) CheckPlace() error { return nil }

// Close implements [queue.Admin].
func (t *temporary) Close() error {
	err := t.closeFile()
	_ = os.RemoveAll(t.folder)
	return err
}
