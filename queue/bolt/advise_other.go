//go:build !linux

package bolt

func advise(address, size uintptr, inOrder bool) error { return nil }
