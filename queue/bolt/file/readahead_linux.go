package file

import (
	"sync"
	"syscall"
)

// ReadAhead counts the full scans under way of a file that is mapped.
type ReadAhead struct {
	mu sync.Mutex
	n  int
}

// Begin enables readahead for a full scan until end is called. bbolt asks for random access, which suits a claim or a
// lookup; a full scan of a file that is not in memory then waits for each page (50 us, measured). withMap calls its argument with
// the address and size of the map, which stays where it is meanwhile.
func (r *ReadAhead) Begin(withMap func(advise func(addr, size uintptr))) (end func()) {
	change := func(by int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		was := r.n > 0
		r.n += by
		if is := r.n > 0; is != was {
			how := syscall.MADV_RANDOM
			if is {
				how = syscall.MADV_SEQUENTIAL
			}
			// Only advice: an error leaves all as it was, and a file that grows out of its map is mapped anew without it.
			withMap(func(addr, size uintptr) { _, _, _ = syscall.Syscall(syscall.SYS_MADVISE, addr, size, uintptr(how)) })
		}
	}
	change(1)
	return func() { change(-1) }
}
