//go:build unix

package intake

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// namedPipe makes a named pipe with some rows in it, whose writer stays.
func namedPipe(t *testing.T, _ *os.File) []string {
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(path, os.O_RDWR, 0) // which waits for no reader
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	if _, err := w.WriteString(head + strings.Repeat("a,1,ocr,r,us-east-1\n", 1000)); err != nil {
		t.Fatal(err)
	}
	return []string{path}
}
