package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"airlift/cmd/airlift/term"
)

// filesystem is what is known of the file system of a folder.
type filesystem struct {
	// kind is its name; "": it is not known.
	kind string
	// volatile: it does not survive a reboot. layer: it is part of a container. remote: it is on another machine. foreign: a
	// program stands behind it, and may do anything.
	volatile, layer, remote, foreign bool
	// readOnly and free, in bytes, are as the system says; sized says that free is known.
	readOnly, sized bool
	free            int64
}

// nearest returns the folder, or the nearest one above it that is there.
func nearest(folder string) string {
	for {
		info, err := os.Stat(folder)
		above := filepath.Dir(folder)
		if err == nil && info.IsDir() || above == folder {
			return folder
		}
		folder = above
	}
}

// folder writes a file beside the queue and removes it, and tells whether what is there lasts.
func (e *exam) folder(context.Context) Finding {
	if e.QueueErr != nil {
		return cannotTell("see to the queue first", "there is no place for the queue")
	}
	folder := nearest(filepath.Dir(e.Queue))
	return judgeFolder(folder, filesystemOf(folder), tryWrite(folder))
}

// tried is what is written: more than a file system keeps in a folder's own block.
const tried = 64 << 10

// tryWrite writes a file, syncs and removes it.
func tryWrite(folder string) (err error) {
	f, err := os.CreateTemp(folder, ".airlift-doctor-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err = f.Write(make([]byte, tried)); err != nil {
		return err
	}
	return f.Sync()
}

// judgeFolder judges the folder of the queue by its file system and by how a file was written there.
func judgeFolder(folder string, is filesystem, err error) Finding {
	const elsewhere = "put the queue on a local disk with --queue"
	switch {
	case is.readOnly, errors.Is(err, syscall.EROFS):
		return notOK("mount it for writing, or "+elsewhere, "%s is on a read-only file system", folder)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return notOK("make room, or "+elsewhere, "%s cannot be written: %v", folder, err)
	case errors.Is(err, fs.ErrPermission):
		return notOK("give this user the right to write there, or name another place with --queue", "%s cannot be written: %v", folder, err)
	case err != nil:
		return notOK("look at the disk, or "+elsewhere, "%s cannot be written: %v", folder, err)
	case is.volatile:
		return notOK(elsewhere, "%s is in memory (%s): after a reboot the queue is gone", folder, is.kind)
	case is.remote:
		return notOK(elsewhere, "%s is on a network file system (%s), where locks and power loss are not to be trusted", folder, is.kind)
	case is.foreign:
		return cannotTell(elsewhere, "%s is on %s: whether locks hold there, and what a crash leaves, is not known", folder, is.kind)
	case is.layer:
		return cannotTell("mount a volume for the queue, and name it with --queue", "%s is part of a container (%s), and may be gone with it", folder, is.kind)
	case is.kind == "":
		return ok("%s is writable", folder)
	}
	return ok("%s is writable (%s)", folder, is.kind)
}

const (
	// bytesPerItem is how much the queue grows by an item until its job is stored: 39 bytes enqueued and 109 submitted, measured
	// with 300,000 keys of 50 bytes; rounded up for longer ones.
	bytesPerItem = 128
	// spareFactor leaves room for retries, a compact and logs.
	spareFactor = 2
	// largest32 is the largest queue on a 32-bit system, which maps the file.
	largest32 = 1 << 30
	// plenty is a number of items that is enough when it is not known how many come.
	plenty = 50_000_000
)

// space compares the free space with the items that come.
func (e *exam) space(context.Context) Finding {
	if e.QueueErr != nil {
		return Finding{}
	}
	return judgeSpace(filesystemOf(nearest(filepath.Dir(e.Queue))), e.firstRows().items, strconv.IntSize)
}

// judgeSpace judges the free space for so many items; 0: it is not known how many.
func judgeSpace(is filesystem, items int64, bits int) Finding {
	if !is.sized {
		return cannotTell("see to it that a queue has "+strconv.Itoa(bytesPerItem*spareFactor)+" bytes an item", "how much is free is not known on this system")
	}
	room, why := is.free/(bytesPerItem*spareFactor), ""
	if most := int64(largest32 / bytesPerItem); bits == 32 && most < room {
		room, why = most, ", as a 32-bit system maps a file of at most 1 GiB"
	}
	have, fit := term.Bytes(is.free), term.Number(room)
	switch {
	case room < 1000:
		return notOK("make room, or put the queue on another disk with --queue", "%s are free, which is as good as nothing", have)
	case items > room:
		return notOK("make room, put the queue on another disk with --queue, or split the source", "%s are free, enough for about %s items%s; there are about %s", have, fit, why, term.Number(items))
	case items > 0:
		return ok("%s are free, enough for about %s items%s; there are about %s", have, fit, why, term.Number(items))
	case room < plenty:
		return cannotTell("`airlift plan SOURCE` counts them", "%s are free, enough for about %s items%s; how many there are is not known", have, fit, why)
	}
	return ok("%s are free, enough for about %s items", have, fit)
}
