package hold

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Holder is the record of the holding process in a lock file. A record left by a crash is void: only the
// system's lock on the file counts.
type Holder struct {
	PID int `json:"pid"`
	// Started and Boot distinguish a process from a later one with the same id.
	Started time.Time `json:"started"`
	Boot    string    `json:"boot,omitempty"`
	Host    string    `json:"host"`
	// File is the file that the process holds; zero until it has opened it.
	File Identity `json:"file"`
	// Socket is where the process can be asked; [NoSocket]: nowhere; empty: it has not said so yet.
	Socket string `json:"socket,omitempty"`
}

// NoSocket is the [Holder.Socket] of a process that cannot be asked.
const NoSocket = "none"

// String names the process: "process 123 on host, since TIME".
func (h Holder) String() string {
	if h.PID == 0 {
		return "a process that has not identified itself yet"
	}
	return fmt.Sprintf("process %d on %s, since %s", h.PID, h.Host, h.Started.UTC().Format(time.RFC3339))
}

// Identity identifies a file independently of its name.
type Identity struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
}

// HeldError says that another process has the lock.
type HeldError struct{ Holder Holder }

func (e *HeldError) Error() string { return "held by " + e.Holder.String() }

// ErrNoLocks: the file system of the lock file has no locks.
var ErrNoLocks = errors.New("this file system has no locks (flock)")

// Lock is a lock file that this process holds. A nil Lock holds nothing.
type Lock struct {
	path   string
	file   *os.File
	holder Holder
}

// started is approximately when this process began.
var started = time.Now().UTC().Truncate(time.Second)

// pollEvery is how often a lock that another process has is tried.
const pollEvery = 20 * time.Millisecond

// Acquire locks the lock file at path, creating it with mode 0600 if it is missing. It waits up to wait for another holder.
// A lock file that a killed process left is reused.
//
// Errors: *[HeldError], [ErrNoLocks], and an error about a file of that name that is no lock file, which stays as it is.
func Acquire(path string, wait time.Duration) (*Lock, error) {
	deadline := time.Now().Add(wait)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		err = tryLock(f)
		if err == nil {
			l, err := newLock(path, f)
			if l != nil || err != nil {
				return l, err
			}
			continue // the previous holder removed the file before we locked it
		}
		f.Close()
		if !errors.Is(err, errHeld) {
			return nil, fmt.Errorf("lock %s: %w: %w", path, ErrNoLocks, err)
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, &HeldError{ReadHolder(path)}
		}
		time.Sleep(min(left, pollEvery))
	}
}

// newLock makes a Lock of a locked file and writes who holds it; nil if path no longer names the file.
func newLock(path string, f *os.File) (*Lock, error) {
	l := &Lock{path: path, file: f}
	if !names(path, f) {
		f.Close()
		return nil, nil
	}
	if err := checkRecord(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	host, _ := os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	l.holder = Holder{PID: os.Getpid(), Started: started, Boot: strings.TrimSpace(string(boot)), Host: host}
	l.write()
	return l, nil
}

// recordStart is the prefix of every record.
const recordStart = `{"pid":`

// checkRecord refuses a file that is not a lock file.
func checkRecord(f *os.File) error {
	head := make([]byte, len(recordStart))
	n, _ := f.ReadAt(head, 0)
	head = head[:n]
	if bytes.HasPrefix([]byte(recordStart), head) || len(bytes.Trim(head, "\x00")) == 0 { // zeroes: a power loss
		return nil
	}
	return errors.New("a file of the name that the queue's lock needs belongs to something else: name another queue with --queue, or move that file")
}

// SetFile says in the lock file which file is held.
func (l *Lock) SetFile(id Identity) {
	if l != nil {
		l.holder.File = id
		l.write()
	}
}

// SetSocket says in the lock file where the process can be asked.
func (l *Lock) SetSocket(path string) {
	if l != nil {
		l.holder.Socket = path
		l.write()
	}
}

// write writes the record. It ignores errors (such as a full disk): the lock is held without a record.
func (l *Lock) write() {
	b, err := json.Marshal(l.holder)
	if err == nil && l.file.Truncate(0) == nil {
		_, _ = l.file.WriteAt(append(b, '\n'), 0)
	}
}

// Release removes the lock file and releases the lock. A waiting process notices that and creates a new one.
func (l *Lock) Release() {
	if l == nil {
		return
	}
	if names(l.path, l.file) {
		_ = removeOpen(l.file, l.path) // a remaining file does no harm
	}
	_ = l.file.Close()
}

// names reports whether a path names an open file.
func names(path string, f *os.File) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(held, now)
}

// ReadHolder returns what the lock file says; the zero Holder if that cannot be read.
func ReadHolder(path string) (h Holder) {
	if b, err := os.ReadFile(path); err == nil && json.Unmarshal(b, &h) != nil {
		return Holder{}
	}
	return h
}
