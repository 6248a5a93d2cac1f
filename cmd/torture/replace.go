package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// replaceQueue moves a copy of the queue over it while the process stands still, as a backup or a sync tool does. What is
// claimed at that moment is in the copy, so it can be looked up; the process must send nothing else.
func (s *stage) replaceQueue() {
	<-s.started
	select {
	case <-s.dead:
		return
	default:
	}
	if err := s.stopped(func() error { return copyOver(s.queue) }); err != nil {
		s.mu.Lock()
		s.replacing = err
		s.mu.Unlock()
		return
	}
	s.mark(replaceQueue)
}

// stopped calls do while no thread of the process runs.
func (s *stage) stopped(do func() error) error {
	stopGroup(s.pid)
	defer resumeGroup(s.pid)
	for !allStopped(s.pid) {
		select {
		case <-s.dead:
			return nil
		case <-time.After(time.Millisecond):
		}
	}
	return do()
}

// allStopped reports whether every thread of a process is stopped, as /proc/PID/task/TID/stat shows (proc(5)); without
// that file system it is taken to be so.
func allStopped(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return false
	}
	for _, name := range threads {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // this thread has ended
		}
		_, state, _ := bytes.Cut(stat, []byte(") "))
		if !bytes.HasPrefix(state, []byte("T")) {
			return false
		}
	}
	return true
}

// copyOver puts a copy of a file in its place.
func copyOver(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".copy", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".copy", path)
}
