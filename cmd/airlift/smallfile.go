package main

import (
	"fmt"
	"io"
	"os"
)

// mostSmall bounds the files that are read as a whole: settings, services, credentials. A device has no end.
const mostSmall = 1 << 20

var errTooLarge = fmt.Errorf("it has more than %d MiB, so it is not the file that is meant: check its name", mostSmall>>20)

// readSmall returns the content of a file of at most mostSmall bytes.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, mostSmall+1))
	if err == nil && len(content) > mostSmall {
		return nil, fmt.Errorf("%s: %w", path, errTooLarge)
	}
	return content, err
}
