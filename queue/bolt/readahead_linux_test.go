package bolt

import (
	"os"
	"strings"
	"testing"

	"airlift/queue"
	"airlift/queue/queuetest"
)

// Full scans use readahead, and nothing else does: a claim from a large queue would read megabytes.
func TestReadAhead(t *testing.T) {
	db := mustOpen(t, writeFile(t, someQueue(t)))
	during := ""
	must(t, queuetest.On(db).Entries(t.Context(), "b", queue.Filter{}, func(*queue.Entry) error {
		if during == "" {
			must(t, queuetest.On(db).Entries(t.Context(), "b", queue.Filter{}, func(*queue.Entry) error { return nil })) // one within another
			during = mapFlags(t, db)
		}
		return nil
	}))
	const sequential, random = " sr ", " rr "
	if !strings.Contains(during, sequential) {
		t.Errorf("while all items are read the map has the flags %q, want%s", during, sequential)
	}
	if after := mapFlags(t, db); !strings.Contains(after, random) || strings.Contains(after, sequential) {
		t.Errorf("afterwards the map has the flags %q, want%s", after, random)
	}
}

// mapFlags returns the flags of the map of a queue's file, see proc_pid_smaps(5).
func mapFlags(t *testing.T, db *DB) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	must(t, err)
	_, own, _ := strings.Cut(string(text), db.Path())
	_, flags, ok := strings.Cut(own, "VmFlags:")
	if !ok {
		t.Skip("the system tells no flags")
	}
	flags, _, _ = strings.Cut(flags, "\n")
	return flags + " "
}
