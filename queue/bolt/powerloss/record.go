package powerloss

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// traced are the calls that may change a folder or what is in it, those by which a file is got hold of, and those that
// sync. A ? lets strace pass over what this machine does not have.
const traced = "?open,openat,?openat2,?creat,close,?dup,?dup2,?dup3,write,?writev,pwrite64,?pwritev,?pwritev2,fsync,fdatasync," +
	"?msync,?sync_file_range,ftruncate,?truncate,fallocate,?copy_file_range,?sendfile,?splice,mmap,?rename,renameat,?renameat2,?link,linkat," +
	"?symlink,?symlinkat,?unlink,unlinkat,?mkdir,mkdirat,?rmdir"

// longest is the longest write that is recorded whole.
const longest = 8 << 20

// Available reports whether programs can be recorded here.
func Available() error {
	if _, err := exec.LookPath("strace"); err != nil {
		return err
	}
	if out, err := exec.Command("strace", "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		return fmt.Errorf("strace: %w: %s", err, out)
	}
	return nil
}

// Record runs a program to its end and appends to the log what it did. The program must not start others, and writes
// its acknowledgements to standard output, which Record takes for itself. A call that changes the folder in a way
// that is not known here is an error, and so is a file that is mapped for writing.
func (l *Log) Record(cmd *exec.Cmd) error { return l.record(cmd, "--seccomp-bpf") } // which makes it quick

// RecordKilled is Record of a program that is killed as one of its threads begins the n-th such call; the machine goes
// on. It reports whether that happened.
func (l *Log) RecordKilled(cmd *exec.Cmd, call string, n int) (bool, error) {
	err := l.record(cmd, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, n))
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true, nil
	}
	return false, err
}

func (l *Log) record(cmd *exec.Cmd, more ...string) error {
	trace, err := os.CreateTemp("", "powerloss-*.strace")
	if err != nil {
		return err
	}
	defer os.Remove(trace.Name())
	defer trace.Close()
	strace, err := exec.LookPath("strace")
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd.Args = slices.Concat([]string{
		"strace", "-f", "-y", "-s", strconv.Itoa(longest), "-e", "trace=" + traced, "-o", trace.Name(),
	}, more, []string{"--", cmd.Path}, cmd.Args[1:])
	cmd.Path, cmd.Stdout, cmd.Stderr = strace, nil, &said
	run := cmd.Run()
	if run != nil && cmd.ProcessState == nil {
		return run
	}
	text, err := os.ReadFile(trace.Name())
	if err == nil {
		err = l.Append(string(text))
	}
	if err == nil && run != nil {
		err = fmt.Errorf("%w: %s", run, said.String())
	}
	return err
}

// Append takes in what strace printed of one more program.
func (l *Log) Append(text string) error {
	list, next, err := calls(text, l.Len)
	if err != nil {
		return err
	}
	t := taker{Log: l, files: map[int]int{}}
	for _, c := range list {
		if c.result < 0 {
			continue // it changed nothing
		}
		if err := t.take(c); err != nil {
			return fmt.Errorf("line %d: %s(%.200s): %w", c.start, c.name, strings.Join(c.args, ", "), err)
		}
	}
	l.Len = next
	return nil
}

// taker takes in the calls of one program.
type taker struct {
	*Log
	files map[int]int // its file descriptors that are in the folder -> nodes
}

// take takes in a call.
func (t *taker) take(c call) error {
	switch c.name {
	case "openat":
		return t.open(c)
	case "close":
		n, _ := fd(c.args[0])
		delete(t.files, n)
		return nil
	case "write":
		if n, _ := fd(c.args[0]); n == 1 {
			data, err := unquote(c.args[1])
			t.say(c.start, data)
			return err
		}
	case "pwrite64", "ftruncate", "fsync", "fdatasync":
		n, _ := fd(c.args[0])
		if node, ok := t.files[n]; ok {
			return t.change(c, node)
		}
	case "mmap":
		if n, _ := fd(c.args[4]); t.files[n] != 0 && strings.Contains(c.args[2], "PROT_WRITE") && !strings.Contains(c.args[3], "MAP_PRIVATE") {
			return errors.New("it is mapped for writing, which no trace shows")
		}
		return nil
	case "mkdir", "mkdirat", "link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat":
		return t.name(c)
	}
	return t.foreign(c)
}

// foreign refuses a call that concerns the folder.
func (t *taker) foreign(c call) error {
	for _, arg := range c.args {
		_, path := fd(arg)
		if strings.HasPrefix(arg, `"`) {
			if c.name == "write" {
				continue // what is written, not where
			}
			text, err := unquote(arg)
			if err != nil {
				return err
			}
			path = string(text)
		}
		if _, in := t.inside(path); in {
			return errors.New("it is not known what this does to the folder")
		}
	}
	return nil
}

func (t *taker) open(c call) error {
	name, in, err := t.path(c.args[0], c.args[1])
	if err != nil || !in {
		return err
	}
	node, flags := t.names[name], strings.Split(c.args[2], "|")
	if node == 0 {
		if !slices.Contains(flags, "O_CREAT") || slices.Contains(flags, "O_TMPFILE") {
			return errors.New("it was not made while recording")
		}
		node = t.newNode()
		t.rename(c, entry{name, node})
	} else if slices.Contains(flags, "O_TRUNC") {
		t.events = append(t.events, event{start: c.start, end: c.end, node: node, kind: resize})
	}
	t.files[int(c.result)] = node
	return nil
}

// change takes in a write, a new length or a sync.
func (t *taker) change(c call, node int) (err error) {
	e := event{start: c.start, end: c.end, node: node}
	switch c.name {
	case "pwrite64":
		e.kind = write
		if e.data, err = unquote(c.args[1]); err != nil {
			return err
		}
		if c.result > 0 {
			e.data = e.data[:c.result]
		}
		if e.offset, err = strconv.ParseInt(c.args[3], 0, 64); err != nil {
			return err
		}
		t.Writes++
	case "ftruncate":
		e.kind = resize
		if e.offset, err = strconv.ParseInt(c.args[1], 0, 64); err != nil {
			return err
		}
	default:
		e.kind = syncing
		t.Syncs++
		t.syncs = append(t.syncs, e)
		return nil
	}
	t.events = append(t.events, e)
	return nil
}

// name takes in a change of names.
func (t *taker) name(c call) error {
	a := withFolders(c)
	from, in, err := t.path(a[0], a[1])
	if err != nil {
		return err
	}
	switch strings.TrimSuffix(strings.TrimSuffix(c.name, "2"), "at") {
	case "mkdir":
		if in {
			node := t.newNode()
			t.dirs[node] = true
			t.rename(c, entry{from, node})
		}
		return nil
	case "unlink":
		if in {
			t.rename(c, entry{from, 0})
		}
		return nil
	}
	to, in2, err := t.path(a[2], a[3])
	if err != nil || !in && !in2 {
		return err
	}
	if in != in2 || len(a) > 4 && c.name == "renameat2" && a[4] != "0" {
		return errNotFollowed
	}
	return t.secondName(c, from, to)
}

// withFolders returns the arguments of a call; the older calls, which take no folders, are relative to the current one.
func withFolders(c call) []string {
	if strings.HasSuffix(c.name, "at") || c.name == "renameat2" {
		return c.args
	}
	a := []string{"AT_FDCWD", c.args[0]}
	if len(c.args) > 1 && (c.name == "link" || c.name == "rename") {
		a = append(a, "AT_FDCWD", c.args[1])
	}
	return a
}

var errNotFollowed = errors.New("only files are followed, and only within their folder")

// secondName takes in a link or a rename of a file.
func (t *taker) secondName(c call, from, to string) error {
	node := t.names[from]
	if node == 0 || t.dirs[node] || filepath.Dir(from) != filepath.Dir(to) {
		return errNotFollowed
	}
	if strings.HasPrefix(c.name, "link") {
		t.rename(c, entry{to, node})
	} else {
		t.rename(c, entry{from, 0}, entry{to, node})
	}
	return nil
}

// path returns what a folder and a name together stand for, relative to Root, and whether it is in there.
func (t *taker) path(dir, name string) (string, bool, error) {
	text, err := unquote(name)
	if err != nil {
		return "", false, err
	}
	path := string(text)
	if !filepath.IsAbs(path) {
		_, base := fd(dir)
		path = filepath.Join(base, path)
	}
	rel, in := t.inside(path)
	return rel, in, nil
}
