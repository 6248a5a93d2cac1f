package temporary

import (
	"fmt"
	"os"
	"path/filepath"

	"airlift/queue"
	"airlift/queue/bolt"
)

// temporary is a queue whose file nobody else opens and nothing keeps.
type temporary struct {
	*bolt.DB
	folder string
}

// Open opens a new queue for as long as this process uses it, in a file below [os.TempDir] that Close removes.
func Open() (queue.Store, error) {
	folder, err := os.MkdirTemp("", "airlift-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary queue: %w; TMPDIR names another folder for it", err)
	}
	db, err := bolt.Open(filepath.Join(folder, "queue.db"), bolt.Options{NoSync: true})
	if err != nil {
		_ = os.RemoveAll(folder)
		return nil, err
	}
	_ = os.RemoveAll(folder)
	return &temporary{db, folder}, nil
}

// CheckPlace allows for a file without a name.
func (*temporary) CheckPlace() error { return nil }

// Close implements [queue.Admin].
func (t *temporary) Close() error {
	_ = t.DB.CheckPlace() // it knows then that its file has no name, and does not report that
	err := t.DB.Close()
	_ = os.RemoveAll(t.folder)
	return err
}
