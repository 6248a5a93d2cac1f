package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// result is how a command ended.
type result struct {
	name, command  string
	code           int // -1: by a signal
	ended          endKind
	stdout, stderr string
}

// fails returns an error that tells of the result.
func (g result) fails(format string, args ...any) error {
	return fmt.Errorf("%s: %s: exit code %d (%s)\n%s", g.name, fmt.Sprintf(format, args...), g.code, g.ended, tail(g.stderr+g.stdout))
}

// tail returns the end of a text.
func tail(s string) string { return s[max(0, len(s)-3000):] }

// airlift runs a command, ended as s says, to its end. Its streams stay in files of the round's folder.
func (r *round) airlift(ctx context.Context, s *stage, args ...string) (result, error) {
	name := fmt.Sprintf("%02d-%s", r.processes.Add(1), args[0])
	g := result{command: args[0], name: name + " (airlift " + strings.Join(args, " ") + ")"}
	stdout, err := os.Create(filepath.Join(r.dir, name+".stdout"))
	if err != nil {
		return g, err
	}
	defer func() { _ = stdout.Close() }()
	stderr, err := os.Create(filepath.Join(r.dir, name+".stderr"))
	if err != nil {
		return g, err
	}
	defer func() { _ = stderr.Close() }()

	line := append([]string{r.config.airlift}, args...)
	switch s.end.Kind {
	case killSync:
		line = r.straced("fdatasync", s.end, line)
	case killWrite:
		line = r.straced("pwrite64", s.end, line)
	}
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = r.dir, r.env, s.stdin, stdout, stderr
	ownGroup(cmd)
	r.log.add("start %s, to end: %v", g.name, s.end)
	if err := cmd.Start(); err != nil {
		return g, err
	}
	s.pid = cmd.Process.Pid
	close(s.started)
	timer := s.timer(line[0] != r.config.airlift)
	err = cmd.Wait()
	close(s.dead)
	timer()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return g, err
	}
	g.code, g.ended = cmd.ProcessState.ExitCode(), s.how(cmd.ProcessState)
	r.log.add("end %s: exit code %d (%s)", g.name, g.code, g.ended)
	if ctx.Err() != nil {
		return g, g.fails("not at its end within %v", r.config.limit)
	}
	return g, errors.Join(s.replacing, r.read(&g, stdout.Name(), stderr.Name()))
}

// straced puts strace before a command if there is one; else the process is killed after a time.
func (r *round) straced(call string, e end, line []string) []string {
	if r.config.strace == "" {
		return line
	}
	return straced(r.config.strace, call, e.N, line)
}

// timer sends the signals that come after a time. The function that it returns calls them off and waits for what has
// begun.
func (s *stage) timer(traced bool) func() {
	var signals []syscall.Signal
	switch s.end.Kind {
	case killAfter:
		signals = []syscall.Signal{syscall.SIGKILL}
	case killSync, killWrite:
		if traced {
			return func() {}
		}
		signals = []syscall.Signal{syscall.SIGKILL}
	case terminate:
		signals = []syscall.Signal{syscall.SIGTERM}
	case interrupt:
		signals = []syscall.Signal{syscall.SIGINT}
	case hangUp:
		signals = []syscall.Signal{syscall.SIGHUP}
	case termThenInt:
		signals = []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, sig := range signals {
			select {
			case <-time.After(s.end.After):
				s.signal(sig)
			case <-s.dead:
				return
			}
		}
	}()
	return func() { <-done }
}

// how says how a process was ended: by the rig, by strace, or not, if it came to its own end just before.
func (s *stage) how(state *os.ProcessState) endKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch code := state.ExitCode(); {
	case code == -1 && (s.end.Kind == killSync || s.end.Kind == killWrite):
		return s.end.Kind
	case code == -1, s.ended == replaceQueue, s.end.Kind.gentle() && (code == 5 || code == 130):
		return s.ended
	}
	return byItself
}

// read takes in what a command wrote and checks what none may ever write.
func (r *round) read(g *result, stdout, stderr string) error {
	out, err := os.ReadFile(stdout)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(stderr)
	if err != nil {
		return err
	}
	g.stdout, g.stderr = string(out), string(text)
	for _, bad := range []string{accessKey, secretKey, secondAccessKey, secondSecretKey, "goroutine ", "DATA RACE"} {
		if strings.Contains(g.stdout+g.stderr, bad) {
			return g.fails("its output has %q", bad)
		}
	}
	return nil
}
