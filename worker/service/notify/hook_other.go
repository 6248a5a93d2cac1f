//go:build !unix

package notify

import "os/exec"

// shell runs a command.
var shell = []string{"cmd", "/C"}

// ownGroup does nothing: a command is ended alone.
func ownGroup(*exec.Cmd) {}
