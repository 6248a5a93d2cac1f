package bolt

import "syscall"

// advise says of mapped memory whether it is read in order.
func advise(address, size uintptr, inOrder bool) error {
	how := syscall.MADV_RANDOM
	if inOrder {
		how = syscall.MADV_SEQUENTIAL
	}
	if _, _, err := syscall.Syscall(syscall.SYS_MADVISE, address, size, uintptr(how)); err != 0 {
		return err
	}
	return nil
}
