//go:build !linux

package file

// ReadAhead is nothing: bbolt asks for random access on Linux alone.
type ReadAhead struct{}

// Begin does nothing.
func (r *ReadAhead) Begin(func(advise func(addr, size uintptr))) (end func()) { return func() {} }
