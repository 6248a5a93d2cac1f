package intake

import (
	"os"
	"testing"
)

func namedPipe(t *testing.T, _ *os.File) []string {
	t.Skip("there are no named pipes in the file system")
	return nil
}
