package bolt

import (
	"sync"
	"syscall"

	"go.etcd.io/bbolt"
)

// readAhead counts those who read the file from one end to the other.
type readAhead struct {
	mu sync.Mutex
	n  int
}

// inOrder tells the system that the file is read from one end to the other until end is called, so that it reads ahead.
// bbolt says the contrary for good: each page that is not in memory is waited for by itself, which is right for a claim
// or a lookup, and made a report of a cold queue three times slower.
func (db *DB) inOrder() (end func()) {
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
