//go:build unix

package notify

import (
	"os/exec"
	"syscall"
)

// shell runs a command.
var shell = []string{"/bin/sh", "-c"}

// ownGroup makes a command the head of a process group, so that a Ctrl-C for airlift does not reach it, and that its children end
// with it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
