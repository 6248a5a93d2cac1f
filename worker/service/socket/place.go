package socket

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
)

// maxPath is the longest path of a socket in bytes, the same on all systems: sun_path of macOS has 104 with its NUL.
const maxPath = 103

// name is the name of the socket in its folder.
const name = "socket"

// Place returns the path of the socket for the queue file at a resolved path: in a folder beside it or, if that path is
// too long for a socket, in one under runtimeDir ($XDG_RUNTIME_DIR), if that is not empty.
func Place(queue, runtimeDir string) (string, error) {
	path := filepath.Join(queue+".run", name)
	if len(path) <= maxPath {
		return path, nil
	}
	if runtimeDir == "" {
		return "", fmt.Errorf("the path of the queue is too long for a socket beside it (%d bytes, at most %d), and XDG_RUNTIME_DIR names no other folder", len(path), maxPath)
	}
	sum := sha256.Sum256([]byte(queue))
	path = filepath.Join(runtimeDir, "airlift-"+hex.EncodeToString(sum[:8]), name)
	if len(path) > maxPath {
		return "", fmt.Errorf("the path of the queue and XDG_RUNTIME_DIR are too long for a socket (%d bytes, at most %d)", len(path), maxPath)
	}
	return path, nil
}

// ErrPeer: the other end of the socket is a process of another user.
var ErrPeer = errors.New("the process at the other end of the socket belongs to another user")
