//go:build unix

package manifest

import (
	"syscall"
	"testing"
)

// mkfifo makes a named pipe.
func mkfifo(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
