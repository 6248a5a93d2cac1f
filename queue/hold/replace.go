package hold

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// tempSuffix ends the name under which a file is written before it takes its own.
const tempSuffix = ".airlift-tmp"

// Options say how a file is replaced.
type Options struct {
	// Mode is that of a new file, less the umask. A file that is replaced keeps its own.
	Mode os.FileMode
	// RegularOnly refuses a pipe or a device instead of writing into it, which may wait for a reader.
	RegularOnly bool
	// Durable makes the file's content durable before it takes its name.
	Durable bool
}

// Replace replaces the file that path leads to (see [Resolve]) with what write writes. The old file stays until write has
// returned without an error. The new file is written beside it under one known name, so what a kill leaves is
// overwritten by the next Replace. A pipe or a device is written directly; ctx ends only the wait for a pipe's reader, shortly
// after it is done.
//
// Libraries for this (renameio) take a new random name each time, which kills leave behind, and know neither pipes nor a
// second writer.
func Replace(ctx context.Context, path string, o Options, write func(io.Writer) error) error {
	if err := replace(ctx, path, o, write); err != nil {
		return fmt.Errorf("write %s: %w", path, withoutTemp(err))
	}
	return nil
}

// withoutTemp removes the name of the temporary file from an error.
func withoutTemp(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && strings.HasSuffix(path.Path, tempSuffix) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) && strings.HasSuffix(link.Old, tempSuffix) {
		return link.Err
	}
	return err
}

// tempName returns the name of the temporary file of [Replace]. An existing file of that name is removed.
func tempName(path string) (string, error) {
	path, err := Resolve(path)
	return path + tempSuffix, err
}

// RemoveTemp removes what a killed process has left of a [Replace]. No other process may be replacing the file.
func RemoveTemp(path string) error {
	tmp, err := tempName(path)
	if err != nil {
		return err
	}
	if err := os.Remove(tmp); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func replace(ctx context.Context, path string, o Options, write func(io.Writer) error) error {
	path, err := Resolve(path)
	if err != nil {
		return err
	}
	old, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return replaceRegular(path, nil, o, write)
	case err != nil:
		return err
	case old.IsDir():
		return errors.New("this is a directory: name a file in it")
	case old.Mode().IsRegular():
		return replaceRegular(path, old, o, write)
	case o.RegularOnly:
		return errors.New("not a regular file: remove it")
	}
	var f io.WriteCloser
	if old.Mode()&fs.ModeNamedPipe != 0 {
		f, err = openPipe(ctx, path)
	} else {
		f, err = os.OpenFile(path, os.O_WRONLY, 0)
	}
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// replaceRegular writes a file beside the old one, which is nil if there is none, and renames it.
func replaceRegular(path string, old fs.FileInfo, o Options, write func(io.Writer) error) (err error) {
	tmp := path + tempSuffix
	f, err := openTemp(tmp, o.Mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp)
		}
		_ = f.Close() // and with it the lock
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil { // after a failed write this returns the same error
		return err
	}
	if err := keepMode(f, old); err != nil {
		return err
	}
	if o.Durable {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return rename(f, tmp, path)
}

// keepMode gives a file the mode of the one that it replaces, if there is one.
func keepMode(f *os.File, old fs.FileInfo) error {
	if old == nil {
		return nil
	}
	now, err := f.Stat()
	if err != nil || now.Mode().Perm() == old.Mode().Perm() {
		return err
	}
	return f.Chmod(old.Mode().Perm())
}

// openTemp creates and locks an empty file. A file left by a killed process is removed.
func openTemp(tmp string, mode os.FileMode) (*os.File, error) {
	for {
		created := true
		f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			created = false
			if f, err = os.Open(tmp); errors.Is(err, fs.ErrNotExist) {
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		err = tryLock(f) // other errors mean that the file system has no locks; then concurrent writers are not detected
		switch held := errors.Is(err, errHeld); {
		case held && !created:
			f.Close()
			return nil, errors.New("another airlift is writing this file now: wait for it to end, or name another file")
		case held || !names(tmp, f): // another process took the new file for one that a kill left: try again
			f.Close()
		case created:
			return f, nil
		default:
			if err := removeOpen(f, tmp); err != nil {
				return nil, err
			}
		}
	}
}
