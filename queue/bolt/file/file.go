package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"airlift/queue"
	"airlift/queue/hold"
)

// LockPath returns the path of the lock file of the queue at a resolved path. The file exists while a process holds the
// queue, and names that process and the file it holds. One that a killed process left is reused.
func LockPath(path string) string { return path + ".lock" }

// CompactPath is where a compact builds the new file.
func CompactPath(path string) string { return path + ".compact" }

// newPath is where a new file is built.
func newPath(path string) string { return path + ".new" }

// File is the file of a queue that this process holds.
type File struct {
	// Path is absolute and has no symbolic links.
	Path     string
	name     string // as the caller gave it
	lock     *hold.Lock
	handle   *os.File
	opened   os.FileInfo // the file that is open
	replaced atomic.Bool // CheckPlace has said so
}

// Hold takes the queue at a path, after waiting for another holder for so long. A missing file is made: fill builds it
// under another path. It is [queue.ErrNotExist] if fill is nil.
//
// Other errors: [queue.ErrLocked], [queue.ErrCorrupt] (no regular file), [hold.ErrNoLocks].
func Hold(name string, wait time.Duration, fill func(path string) error) (*File, error) {
	f := &File{}
	var err error
	if f.name, err = filepath.Abs(name); err == nil {
		f.Path, err = hold.Resolve(name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if f.lock, err = takeLock(f.Path, wait, fill == nil); err == nil {
		if err = f.prepare(fill); err == nil {
			return f, nil
		}
		f.lock.Release()
	}
	return nil, fmt.Errorf("%s: %w", f.Path, err)
}

// prepare removes what a killed process left, and makes the file if it is missing.
func (f *File) prepare(fill func(path string) error) error {
	os.Remove(newPath(f.Path)) // which may be a second name of the queue
	os.Remove(CompactPath(f.Path))
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && fill == nil:
		return errNotExist()
	case errors.Is(err, fs.ErrNotExist):
		return create(f.Path, fill)
	case err == nil && !info.Mode().IsRegular() && !info.IsDir(): // a pipe would be waited for
		return fmt.Errorf("%w: it is no regular file; name another with --queue", queue.ErrCorrupt)
	}
	return nil
}

func errNotExist() error {
	return fmt.Errorf("%w; name another with --queue, or enqueue something first", queue.ErrNotExist)
}

// takeLock takes the lock file of the queue, or says who has it.
func takeLock(path string, wait time.Duration, mustExist bool) (*hold.Lock, error) {
	_, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && !mustExist {
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	if missing && mustExist && !exists(LockPath(path)) {
		return nil, errNotExist()
	}
	lock, err := hold.Acquire(LockPath(path), wait)
	held, locked := errors.AsType[*hold.HeldError](err)
	switch {
	case locked:
		return nil, lockedBy(path, held.Holder)
	case !missing && mayNotWrite(err) && !exists(LockPath(path)):
		return nil, nil // the folder is read-only: no lock file, no replacement; rely on bbolt's lock
	case errors.Is(err, hold.ErrNoLocks):
		return nil, fmt.Errorf("%w; put the queue on a local disk with --queue", err)
	}
	return lock, err
}

// HolderOf returns the process that holds the queue at path, as it says itself; the zero Holder if none does or says so. One
// that holds another file than the one at path cannot be asked.
func HolderOf(path string) hold.Holder {
	path, err := hold.Resolve(path)
	if err != nil {
		return hold.Holder{}
	}
	h := hold.ReadHolder(LockPath(path))
	f, err := os.Open(path)
	if err != nil {
		return hold.Holder{}
	}
	defer f.Close()
	if id, err := hold.IdentityOf(f); h.File != (hold.Identity{}) && (err != nil || id != h.File) {
		h.Socket = hold.NoSocket
	}
	return h
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// mayNotWrite reports whether the folder, or its file system, may not be written.
func mayNotWrite(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// lockedBy says which process holds the queue, and whether it holds another file than the one that is there now.
func lockedBy(path string, h hold.Holder) error {
	usual := "`airlift status` works meanwhile; wait for it to end, or end it in good order (Ctrl-C"
	if h.PID != 0 {
		usual += fmt.Sprintf(", or kill -INT %d on its host", h.PID)
	}
	usual += "): the same command carries on"
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && h.File != (hold.Identity{}) {
			return fmt.Errorf("%w: %s; the file was removed while that process uses it: end that process first, then start again", queue.ErrLocked, h)
		}
		return fmt.Errorf("%w: %s; %s", queue.ErrLocked, h, usual)
	}
	defer f.Close()
	id, err := hold.IdentityOf(f)
	if err == nil && h.File != (hold.Identity{}) && h.File != id {
		return fmt.Errorf("%w: %s; the file at this path was replaced since, and that process uses the old one: end that process first, then start again", queue.ErrLocked, h)
	}
	return fmt.Errorf("%w: %s; %s", queue.ErrLocked, h, usual)
}

// Opened records the open file, once it is locked and known to be a queue. It makes the file's name durable, because the process
// creating or compacting, may have been killed before that was durable; now it is.
func (f *File) Opened(handle *os.File) (err error) {
	if err := syncNames(filepath.Dir(f.Path)); err != nil {
		return err
	}
	f.handle = handle
	if f.opened, err = handle.Stat(); err != nil {
		return err
	}
	id, err := hold.IdentityOf(handle)
	if err == nil {
		f.lock.SetFile(id)
	}
	return err
}

// Announce says in the lock file at which socket this process can be asked.
func (f *File) Announce(socket string) { f.lock.SetSocket(socket) }

// Names reports whether the path still names a file that is open: a compact may have put another in its place.
func (f *File) Names(handle *os.File) (bool, error) {
	held, err := handle.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Stat(f.Path)
	return err == nil && os.SameFile(held, now), err
}

// CheckPlace returns [queue.ErrReplaced] if the file at the queue's path is not the one that is open.
func (f *File) CheckPlace() error {
	now, err := os.Stat(f.name)
	if err == nil && os.SameFile(f.opened, now) {
		return nil
	}
	f.replaced.Store(true)
	what := "the path names another file now"
	if err != nil {
		what = err.Error()
	}
	return fmt.Errorf("%s: %w (%s): nothing more is sent. What this process stored since then is not in the file at that path. "+
		"Put the right file there, or rebuild the queue with `airlift adopt`, before the next run", f.name, queue.ErrReplaced, what)
}

// Replaced reports whether CheckPlace has said that the file was replaced.
func (f *File) Replaced() bool { return f.replaced.Load() }

// OnlyName refuses a file that has other names (hard links), which a replacement would leave behind as an old copy.
func (f *File) OnlyName() error {
	n, err := hold.Links(f.handle)
	if err != nil || n <= 1 {
		return err
	}
	return fmt.Errorf("%w (%d hard links): replacing it would leave an old copy under the others. Remove the other names first; `find / -samefile FILE` lists them", queue.ErrLinked, n)
}

// Release releases the file.
func (f *File) Release() { f.lock.Release() }

// WithAdvice adds to an error of the operating system what to do about it, unless the error says that already.
func WithAdvice(err error) error {
	_, system := errors.AsType[syscall.Errno](err)
	if !system || errors.Is(err, queue.ErrBroken) {
		return err
	}
	return fmt.Errorf("%w; see to the disk and to the rights on the file and its folder, then start again", err)
}
