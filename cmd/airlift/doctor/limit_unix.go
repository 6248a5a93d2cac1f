//go:build unix

package doctor

import "golang.org/x/sys/unix"

// openFileLimit returns the limit of open files, 0 if there is none. Go has raised the soft limit to the hard one by now.
func openFileLimit() uint64 {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil || uint64(l.Cur) >= 1<<62 {
		return 0
	}
	return uint64(l.Cur)
}
