package bolt

import (
	"runtime"
	"time"

	"go.etcd.io/bbolt"
)

// Options say how a queue is opened. The zero Options are those of every command that may create it.
type Options struct {
	// LockTimeout is how long to wait for another process that holds the queue; 0 means one second.
	LockTimeout time.Duration
	// MustExist makes a missing file [queue.ErrNotExist] instead of creating it.
	MustExist bool
	// Now is the clock that stamps batches and readings; nil means time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.LockTimeout <= 0 {
		o.LockTimeout = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// allocSize is the step by which the file grows: each step costs an fsync, and its unused rest is in the file's length.
const allocSize = 4 << 20

// initialMap is how much of the file is mapped at first: 16 GiB where addresses have 64 bits; 0, as much as the file has,
// where they have 32.
const initialMap = (16 << 30) & int64(^uint(0)>>1)

// boltOptions are bbolt's options for a queue. The freelist is kept on disk, for without it the whole file is read at open.
func boltOptions(o Options) *bbolt.Options {
	opts := &bbolt.Options{Timeout: o.LockTimeout, FreelistType: bbolt.FreelistMapType, NoStatistics: true}
	// A commit that must move the map waits for all readers, so the map is made large from the start: it takes
	// addresses, not memory. Windows would make the file itself as large.
	if runtime.GOOS != "windows" {
		opts.InitialMmapSize = int(initialMap)
	}
	return opts
}
