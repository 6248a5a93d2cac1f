package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/bolt/file"
	"airlift/queue/hold"
	"airlift/ratelimit"
	"airlift/worker/service/api"
	"airlift/worker/service/socket"
)

// beginTimeout is how long a holder may take to begin to listen.
const beginTimeout = 2 * time.Second

// askTimeout bounds the first call to the holder of a queue.
const askTimeout = 5 * time.Second

// queue reads the queue's header and its batches, and asks a process that holds it.
func (e *exam) queue(ctx context.Context) []Finding {
	if e.QueueErr != nil {
		return []Finding{notOK("name the queue with --queue, or set XDG_STATE_HOME", "%v", e.QueueErr)}
	}
	ids, err := bolt.BatchIDs(e.Queue)
	if errors.Is(err, queue.ErrLocked) {
		return []Finding{e.holder(ctx)}
	}
	return []Finding{judgeQueue(e.Queue, len(ids), err)}
}

// judgeQueue judges how a queue was read that nobody holds.
func judgeQueue(path string, batches int, err error) Finding {
	switch {
	case err == nil:
		return ok("%s is readable, with %d batches, and no process holds it", path, batches)
	case errors.Is(err, queue.ErrNotExist):
		return ok("there is none yet at %s: the run makes it", path)
	case errors.Is(err, queue.ErrCorrupt):
		return notOK("keep the file, and rebuild the queue with `airlift adopt` and another --queue; `airlift check` says more", "%s: %v", path, err)
	case errors.Is(err, fs.ErrPermission):
		return notOK("give this user the right to read and write it, or name another with --queue", "%s: %v", path, err)
	}
	return notOK("look at the file, or name another with --queue", "%s: %v", path, err)
}

// holder asks the process that holds the queue.
func (e *exam) holder(ctx context.Context) Finding {
	h := e.ready(ctx)
	end := "end that process, or wait for its end; `airlift status` shows how far it is"
	if h.PID != 0 {
		end = fmt.Sprintf("`kill -INT %d` on its host, or wait for its end; `airlift status` shows how far it is", h.PID)
	}
	if h.Socket == "" || h.Socket == hold.NoSocket {
		return notOK(end, "%s is held by %s, which cannot be asked", e.Queue, h)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	client, err := api.Connect(ctx, e.Build, func(ctx context.Context) (net.Conn, error) { return socket.Dial(ctx, h.Socket) })
	if err != nil {
		return notOK(end, "%s is held by %s, which does not answer: %v", e.Queue, h, err)
	}
	client.Close()
	return ok("%s is held by %s, which answers: a run hands its rows to it", e.Queue, h)
}

// ready returns the holder, after a wait for one that has just begun and does not listen yet.
func (e *exam) ready(ctx context.Context) hold.Holder {
	ctx, cancel := context.WithTimeout(ctx, beginTimeout)
	defer cancel()
	for {
		h := file.HolderOf(e.Queue)
		if h.Socket != "" || ratelimit.Sleep(ctx, beginTimeout/20) != nil {
			return h
		}
	}
}

// socket tells whether other commands will be able to ask a run.
func (e *exam) socket(context.Context) Finding {
	if runtime.GOOS == "windows" {
		return ok("none on this system: other commands wait for the end of a run")
	}
	path, err := socket.Place(e.Queue, e.RuntimeDir)
	if err != nil {
		return notOK("name a queue with a shorter path, or set XDG_RUNTIME_DIR to a short folder of this user", "%v", err)
	}
	folder := filepath.Dir(path)
	info, err := os.Lstat(folder)
	switch {
	case err == nil && !info.IsDir(), err == nil && info.Mode().Perm()&0o077 != 0:
		return notOK("remove it", "%s is in the way: it is no folder with mode 0700, so other commands could not ask a run", folder)
	case err == nil:
		return ok("%s", path)
	}
	if above := filepath.Dir(folder); above != filepath.Dir(e.Queue) { // below XDG_RUNTIME_DIR, which the run does not make
		if info, err := os.Stat(above); err != nil || !info.IsDir() {
			return notOK("log in with a session that has one, or name a queue with a shorter path", "XDG_RUNTIME_DIR is %s, and there is no such folder", above)
		}
	}
	return ok("%s, once a run holds the queue", path)
}
