//go:build !linux

package bolt

// readAhead is nothing: bbolt gives no such advice here.
type readAhead struct{}

func (db *DB) sequential() (end func()) { return func() {} }
