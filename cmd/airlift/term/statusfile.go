package term

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"airlift/queue/hold"
	"airlift/worker/service"
)

// StatusFile is what a process that works a queue writes beside it, for `airlift status` of other processes.
type StatusFile struct {
	Updated time.Time        `json:"updated"`
	PID     int              `json:"pid"`
	Batches []service.Status `json:"batches"`
}

// WriteStatusFile replaces the status file in one step, so that a reader never sees half of one. Only the user may read it,
// since errors in it name keys. It is not synced, as it means nothing after a power loss.
func WriteStatusFile(path string, batches []service.Status) error {
	return hold.Replace(context.Background(), path, hold.Options{Mode: 0o600, RegularOnly: true}, func(w io.Writer) error {
		return JSON(w, StatusFile{Updated: time.Now().UTC(), PID: os.Getpid(), Batches: batches})
	})
}

// ReadStatusFile returns the status file that the process holding the queue has written last.
func ReadStatusFile(path string) (s StatusFile, err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return s, fmt.Errorf("%s is not a regular file: remove it", path) // a pipe would be waited for
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", path, err)
	}
	return s, nil
}
