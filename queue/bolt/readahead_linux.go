package bolt

import (
	"sync"
	"syscall"

	"go.etcd.io/bbolt"
)

// readAhead counts the full scans under way.
type readAhead struct {
	mu sync.Mutex
	n  int
}

// sequential enables readahead for a full scan until end is called. bbolt asks for random access, which suits a claim or a
// lookup; a full scan of a file that is not in memory then waits for each page (50 us, measured).
func (db *DB) sequential() (end func()) {
	change := func(by int) {
		db.ahead.mu.Lock()
		defer db.ahead.mu.Unlock()
		was := db.ahead.n > 0
		db.ahead.n += by
		if is := db.ahead.n > 0; is != was {
			// Only advice: an error leaves all as it was, and a file that grows out of its map is mapped anew without it.
			_ = db.bolt.View(func(tx *bbolt.Tx) error { // within which the map stays where it is
				how := syscall.MADV_RANDOM
				if is {
					how = syscall.MADV_SEQUENTIAL
				}
				_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, db.bolt.Info().Data, uintptr(tx.Size()), uintptr(how))
				return nil
			})
		}
	}
	change(1)
	return func() { change(-1) }
}
