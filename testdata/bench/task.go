package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// taskEnv names the task that a child process runs; taskArgs are its arguments, as JSON.
const (
	taskEnv  = "AIRLIFT_BENCH_TASK"
	taskArgs = "AIRLIFT_BENCH_ARGS"
)

// sample is what one repetition of one contestant gave, by the name of the figure.
type sample map[string]float64

// The usual figures of a sample.
const (
	rate   = "items/s"
	cpu    = "CPU us/item" // user and system
	wrote  = "bytes/item"  // handed to the kernel to be written
	fsyncs = "fsyncs/item"
	onDisk = "bytes on disk/item"
	share  = "file/rows" // bytes on disk by the bytes of the rows themselves
	memory = "RssAnon peak, bytes"
)

// args are the arguments of a task.
type args struct {
	N       int               // items
	Dir     string            // a folder of its own
	Profile string            // file for a CPU profile, or empty
	More    map[string]string // what only this task knows
}

// tasks are what contestants do in their processes. A task measures itself with the meter.
var tasks = map[string]func(a args, m *meter) error{}

// runTask is the child's main: it runs the task and prints its sample.
func runTask(name string) {
	var a args
	m := &meter{out: sample{}}
	err := json.Unmarshal([]byte(os.Getenv(taskArgs)), &a)
	if err == nil {
		m.profile = a.Profile
		err = tasks[name](a, m)
	}
	pprof.StopCPUProfile()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(m.result(a.N))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// meter adds up what the measured parts of a task cost. A task may call do several times, and prepare between.
type meter struct {
	wall, cpu time.Duration
	wrote     int64
	profile   string
	out       sample
}

// do measures f.
func (m *meter) do(f func() error) error {
	if m.profile != "" {
		file, err := os.Create(m.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		m.profile = "" // until the task ends
	}
	mark(beginMark)
	cpuBefore, wroteBefore, start := cpuTime(), bytesWritten(), time.Now()
	err := f()
	m.wall += time.Since(start)
	m.cpu += cpuTime() - cpuBefore
	m.wrote += bytesWritten() - wroteBefore
	mark(endMark)
	return err
}

// result is the sample of a task that handled n items.
func (m *meter) result(n int) sample {
	if m.wall > 0 && n > 0 {
		per := float64(n)
		m.out[rate] = per / m.wall.Seconds()
		m.out[cpu] = float64(m.cpu.Microseconds()) / per
		m.out[wrote] = float64(m.wrote) / per
	}
	return m.out
}

// quietly leaves a task's garbage of preparation behind before it is measured.
func quietly() { runtime.GC() }

// The marks between which fsyncs are counted: paths that access(2) asks for, which strace shows.
const (
	beginMark = "/airlift-bench-begin"
	endMark   = "/airlift-bench-end"
)

func mark(path string) { _ = syscall.Access(path, 0) }

// cpuTime is what this process has used so far, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bytesWritten is what this process has handed to the kernel in write calls so far.
func bytesWritten() int64 { return procNumber("/proc/self/io", "wchar:") }

// procNumber reads a number out of a file of /proc, 0 if it is not there.
func procNumber(path, name string) int64 {
	text, _ := os.ReadFile(path)
	_, rest, _ := strings.Cut(string(text), name)
	var n int64
	fmt.Sscan(rest, &n)
	return n
}

// child runs a task in a process of its own and returns its sample.
func (b *bench) child(ctx context.Context, name string, a args) (sample, error) {
	cmd, clean, err := b.command(ctx, name, &a)
	if err != nil {
		return nil, err
	}
	defer clean()
	return output(name, cmd)
}

func output(name string, cmd *exec.Cmd) (sample, error) {
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, problems.String())
	}
	var s sample
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		return nil, fmt.Errorf("%s printed %q: %w", name, out.String(), err)
	}
	return s, nil
}

func (b *bench) command(ctx context.Context, name string, a *args) (*exec.Cmd, func(), error) {
	dir, err := os.MkdirTemp(b.dir, name+"-*")
	if err != nil {
		return nil, nil, err
	}
	clean := func() { os.RemoveAll(dir) }
	if a.Dir == "" {
		a.Dir = dir
	}
	if b.profile != "" && strings.HasPrefix(name, "airlift") {
		a.Profile = filepath.Join(b.profile, name+".cpu.pprof")
	}
	text, err := json.Marshal(a)
	if err != nil {
		return nil, clean, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, clean, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), taskEnv+"="+name, taskArgs+"="+string(text))
	return cmd, clean, nil
}

// errNoStrace: fsyncs cannot be counted here.
var errNoStrace = errors.New("strace is not installed, so fsyncs are not counted")

// countFsyncs runs a task once more, under strace, and returns its fsyncs an item between the marks.
func (b *bench) countFsyncs(ctx context.Context, name string, a args) (float64, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return 0, errNoStrace
	}
	cmd, clean, err := b.command(ctx, name, &a)
	if err != nil {
		return 0, err
	}
	defer clean()
	log := filepath.Join(a.Dir, "strace.log")
	cmd.Args = append([]string{strace, "-f", "--seccomp-bpf", "-qq", "-e", "signal=none", "-e", "trace=fsync,fdatasync,faccessat", "-o", log}, cmd.Path)
	cmd.Path = strace
	if _, err := output(name, cmd); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(log)
	if err != nil {
		return 0, err
	}
	n, counting := 0, false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.Contains(line, beginMark):
			counting = true
		case strings.Contains(line, endMark):
			counting = false
		case counting && strings.Contains(line, "sync(") && !strings.Contains(line, "resumed"):
			n++
		}
	}
	return float64(n) / float64(a.N), nil
}

// sumFiles is the length of all files in a folder.
func sumFiles(dir string) (n int64) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
	}
	return n
}

// names returns the names of a sample's figures in order.
func (s sample) names() []string { return slices.Sorted(maps.Keys(s)) }

func (a args) int(name string) int {
	n, _ := strconv.Atoi(a.More[name])
	return n
}
