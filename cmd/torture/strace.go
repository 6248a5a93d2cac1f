package main

import (
	"fmt"
	"os/exec"
)

// findStrace returns the path of a strace that works here, or nothing: in many containers it must not trace.
func findStrace() string {
	path, err := exec.LookPath("strace")
	if err != nil {
		return ""
	}
	if exec.Command(path, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "true").Run() != nil {
		return ""
	}
	return path
}

// straced returns the command line that kills a process at its n-th call of a kind. strace counts by thread, and Go's
// writer moves from one to the other: the n-th of one thread is some later one of the process. With --seccomp-bpf strace
// 6.1 would be quicker but never count beyond the first.
func straced(strace, call string, n int, command []string) []string {
	return append([]string{
		strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "signal=none",
		"-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, n),
	}, command...)
}

// syncs is how many fdatasyncs one thread of a run makes about: one worker needs a commit or two for each object, many
// share them.
func (p plan) syncs() int { return min(p.Objects, 100) / p.Workers }
