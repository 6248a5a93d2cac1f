package manifest

import "airlift/manifest/entry"

// Reader reads a source entry by entry. Only Close is safe for concurrent use.
type Reader interface {
	// Read overwrites the entry with the next one. It returns
	//   - nil: the entry is good;
	//   - a *RowError: this row is bad, the next Read goes on after it;
	//   - io.EOF: the clean and complete end;
	//   - any other error (*BrokenError): the source broke off after its last
	//     good row.
	// Once it returned an error that is no *RowError, it returns that error for ever.
	Read(*entry.Entry) error
	// Close releases the source and waits for the goroutines that read it. It may be called while a Read is under way:
	// that Read returns fs.ErrClosed, at once if the source is a file, a named pipe or on S3, and else, if the system
	// cannot end a read of standard input, when its data comes. A second Close does nothing.
	Close() error
}

// Resumer is a Reader, such as a scan, that another Reader can resume.
type Resumer interface {
	// Cursor returns, after a Read that returned an entry or a *RowError, the position: the s3scan.Config.Cursor of a
	// reader that returns the entries not read yet, and none of those that were. It is nil while entries of the same
	// page follow.
	Cursor() []byte
}
