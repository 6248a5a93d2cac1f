package hold

import "os"

// Used is a file that a command reads or writes, to find two uses of one file.
type Used struct {
	// What says what it is, for a message.
	What string
	Path string
	info os.FileInfo // nil if it is not there
}

// Use returns a file by its path.
func Use(what, path string) Used {
	info, err := os.Stat(path)
	if err != nil {
		info = nil
	}
	return Used{what, path, info}
}

// UseOpen returns a file that is open.
func UseOpen(what string, f *os.File) (Used, error) {
	info, err := f.Stat()
	return Used{what, f.Name(), info}, err
}

// UseReplaced returns the file that [Replace] replaces, and the one that it writes first.
func UseReplaced(what, path string) []Used {
	files := []Used{Use(what, path)}
	if tmp, err := tempName(path); err == nil {
		files = append(files, Use(what, tmp))
	}
	return files
}

// Is reports whether both are one file, by whatever name or link. Pipes and devices are never replaced, so they may stand
// for several files.
func (u Used) Is(other Used) bool {
	if u.info != nil && other.info != nil {
		return u.info.Mode().IsRegular() && os.SameFile(u.info, other.info)
	}
	if u.info != nil || other.info != nil {
		return false
	}
	a, err := Resolve(u.Path)
	if err != nil {
		return false
	}
	b, err := Resolve(other.Path)
	return err == nil && a == b
}
