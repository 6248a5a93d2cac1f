// Package manifest reads what is to be submitted: manifests (CSV, JSON Lines,
// text, S3 Inventory, S3 Batch Operations) from files, standard input and S3
// objects, and listings of S3 buckets.
//
// Every source is read in the same way: [Open] gives a [Reader], and each call
// of its Read gives one [Entry], in constant memory. A bad row is a [*RowError]
// and reading goes on; a source that breaks off is a [*BrokenError]; io.EOF is
// the clean and complete end. A reading is complete only if it ended in io.EOF.
//
// Keys are bytes. They are never trimmed, folded, normalised or unescaped,
// except where the format says so (CSV quotes, JSON escapes, the URL-encoding of
// S3's own lists), for a key that is altered is another object.
//
// The package knows nothing of queues, batches or AiR's client.
package manifest

import (
	"encoding/json"
	"time"
)

// MaxKey is the longest object key in bytes of UTF-8
// (Amazon S3 User Guide, "Naming Amazon S3 objects").
const MaxKey = 1024

// MaxName is the longest job name in characters (AiR, POST /jobs).
const MaxName = 256

// MaxRow is the longest row of a manifest in bytes, its line end included. A
// longer line is rejected and reading goes on at the next one, so no input can
// take more memory than about twice this.
const MaxRow = 4 << 20

// MaxColumns is how many further columns a table may have: each is carried to the
// report.
const MaxColumns = 2000

// Entry is one row of a manifest or one object of a listing. It knows nothing
// of storage. Fields that the source does not give are zero. Its strings and
// slices are not reused by the Reader and may be kept, but Services may be
// shared between entries and must not be written to.
type Entry struct {
	// Line is the physical line, from 1, on which the row starts: a CSV row may
	// span lines. For a scan, and for an inventory with its parts, it is the
	// ordinal of the object, from 1.
	Line int64
	// Bucket and Key name the object; Key is 1 to MaxKey bytes of valid UTF-8.
	// In entries that Read returned without an error neither is empty, but for
	// those with Skip set to SkipTitle, SkipHeader, SkipFolder, SkipEmpty or SkipTotal, which name no object.
	Bucket, Key string
	// Region and Endpoint of the source, as given.
	Region, Endpoint string
	// Name of the job, as given: not blank, at most MaxName characters.
	Name string
	// Priority is 1 to 10, or 0 if absent.
	Priority int
	// Services is the JSON object of AiR's API in the canonical form of
	// ParseServices, nil if absent.
	Services json.RawMessage
	// DestinationBucket and DestinationRegion are where AiR writes, as given.
	DestinationBucket, DestinationRegion string
	// Extra holds all columns that are not recognised, in their order.
	Extra []Field

	// Scan says that the entry is an object of a listing.
	Scan bool
	// Sized says that Size, in bytes, is known: from a listing, an inventory or
	// a column of the manifest.
	Sized bool
	Size  int64
	// ETag as the source gives it, without quotes; "" if it does not.
	ETag string
	// StorageClass as the source gives it, for example STANDARD; "" if it does not.
	StorageClass string
	// LastModified in UTC, zero if the source does not say.
	LastModified time.Time
	// VersionID is the object's version where the source names one. AiR cannot be
	// asked for a version: it reads the latest.
	VersionID string

	// Skip is the reason for which the source itself says that there is nothing to
	// read: SkipDeleteMarker, SkipOldVersion or SkipFolder, or for which its
	// line is no row: SkipTitle, SkipHeader, SkipEmpty or SkipTotal; else "".
	Skip string

	// State is the state column of one of airlift's own reports (CSV or JSON
	// Lines), else empty. filter.Filter.Skip leaves out rows that were sent.
	State string
}

// Field is one column of a row: its name as the manifest spells it, and its
// value (for JSON other than strings: the JSON text).
type Field struct {
	Name, Value string
}

// Reader reads a source entry by entry. It is not safe for concurrent use, but
// for the Progress method of a Progresser.
type Reader interface {
	// Read overwrites the entry with the next one. It returns
	//   - nil: the entry is good;
	//   - a *RowError: this row is bad, the next Read goes on after it;
	//   - io.EOF: the clean and complete end;
	//   - any other error (*BrokenError): the source broke off after its last
	//     good row.
	// Once it returned an error that is no *RowError, it returns that error
	// for ever.
	Read(*Entry) error
	// Close releases the source and waits for what was started to read it. A
	// second Close does nothing.
	Close() error
}

// Resumer is a Reader whose reading another one can go on with, as that of a scan.
type Resumer interface {
	// Cursor returns, after a Read that gave an entry or a *RowError, where the
	// reading stands: ScanConfig.Cursor of one that gives the entries not read
	// yet, and none of those that were. It is nil while entries of the same page
	// follow.
	Cursor() []byte
}

// Progresser is a Reader that knows how far it has come. The readers of files,
// of S3 objects and of standard input are Progressers.
type Progresser interface {
	// Progress gives the bytes read of the source as it is stored (compressed,
	// if it is) and its size, -1 if that is not known. It is safe for use from
	// other goroutines.
	Progress() (read, total int64)
}
