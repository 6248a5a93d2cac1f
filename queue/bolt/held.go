package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"airlift/queue"
	"airlift/queue/hold"
)

// LockPath returns the path of the lock file of the queue at a resolved path. The file exists while a process holds the
// queue, and names that process and the file it holds. One that a killed process left is reused.
func LockPath(path string) string { return path + ".lock" }

func errNotExist() error {
	return fmt.Errorf("%w; name another with --queue, or enqueue something first", queue.ErrNotExist)
}

// takeLock takes the lock file of the queue, or says who has it.
func takeLock(path string, o Options) (*hold.Lock, error) {
	_, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && !o.MustExist {
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	if missing && o.MustExist && !exists(LockPath(path)) {
		return nil, errNotExist()
	}
	lock, err := hold.Take(LockPath(path), o.LockTimeout)
	held, locked := errors.AsType[*hold.HeldError](err)
	switch {
	case locked:
		return nil, lockedBy(path, held.Holder)
	case !missing && mayNotWrite(err) && !exists(LockPath(path)):
		return nil, nil // no lock file can be made in this folder, nor can we replace the queue in it: bbolt's lock must do
	case errors.Is(err, hold.ErrNoLocks):
		return nil, fmt.Errorf("%w; put the queue on a local disk with --queue", err)
	}
	return lock, err
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

// identify notes which file is open, here and in the lock file.
func (db *DB) identify() error {
	var err error
	if db.held, err = db.handle.Stat(); err != nil {
		return err
	}
	id, err := hold.IdentityOf(db.handle)
	if err != nil {
		return err
	}
	db.lock.SetFile(id)
	return nil
}

// CheckPlace returns [queue.ErrReplaced] if the file at the queue's path is not the one that is open: another process may
// use that one, so nothing may be sent any more. It costs one stat, is safe for concurrent use, and answers after Close
// too.
func (db *DB) CheckPlace() error {
	now, err := os.Stat(db.name)
	if err == nil && os.SameFile(db.held, now) {
		return nil
	}
	db.replaced.Store(true)
	what := "the path names another file now"
	if err != nil {
		what = err.Error()
	}
	return fmt.Errorf("%s: %w (%s): nothing more is sent. What this process stored since then is not in the file at that path. "+
		"Put the right file there, or rebuild the queue with `airlift adopt`, before the next run", db.name, queue.ErrReplaced, what)
}

// onlyName refuses a file that has other names (hard links), which a replacement would leave behind as an old copy.
func (db *DB) onlyName() error {
	n, err := hold.Links(db.handle)
	if err != nil || n <= 1 {
		return err
	}
	return fmt.Errorf("%w (%d hard links): replacing it would leave an old copy under the others. Remove the other names first; `find / -samefile FILE` lists them", queue.ErrLinked, n)
}
