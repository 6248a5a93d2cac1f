//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// unfit says why the rig cannot work on this system; "" if it can.
const unfit = ""

// ownGroup starts a command as a process group of its own, which the end of its context kills as a whole.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// signalGroup sends a signal to a group by the process that leads it. One that is gone already is seen by its end.
func signalGroup(leader int, sig syscall.Signal) { _ = syscall.Kill(-leader, sig) }

// stopGroup lets a group stand still until resumeGroup.
func stopGroup(leader int) { signalGroup(leader, syscall.SIGSTOP) }

func resumeGroup(leader int) { signalGroup(leader, syscall.SIGCONT) }
