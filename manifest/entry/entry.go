package entry

import (
	"encoding/json"
	"time"
)

// MaxKey is the longest object key in bytes of UTF-8 (Amazon S3 User Guide, "Naming Amazon S3 objects").
const MaxKey = 1024

// maxName is the longest job name in characters (AiR, POST /jobs).
const maxName = 256

// MaxColumns is how many extra columns a table may have: each is copied to the report.
const MaxColumns = 2000

// Entry is one row of a manifest or one object of a listing. Fields that the source does not give are zero. Strings and
// slices may be kept, but Services may be shared between entries and must not be written to.
type Entry struct {
	// Line is the physical line, from 1, on which the row starts: a CSV row may span lines. For a scan, and for an
	// inventory with its parts, it is the ordinal of the object, from 1.
	Line int64
	// Bucket and Key name the object; Key is 1 to MaxKey bytes of valid UTF-8. Neither is empty, except where Skip is
	// SkipTitle, SkipHeader, SkipFolder, SkipEmpty or SkipTotal: such entries name no object.
	Bucket, Key string
	// Region and Endpoint of the source, as given.
	Region, Endpoint string
	// Name of the job, as given: not blank, at most maxName characters.
	Name string
	// Priority is 1 to 10, or 0 if absent.
	Priority int
	// Services is the JSON object of AiR's API in the canonical form of ParseServices, nil if absent.
	Services json.RawMessage
	// DestinationBucket and DestinationRegion are where AiR writes, as given.
	DestinationBucket, DestinationRegion string
	// Extra holds all columns that are not recognized, in their order.
	Extra []Field

	// Scan says that the entry is an object of a listing.
	Scan bool
	// Sized says that Size, in bytes, is known: from a listing, an inventory or a column of the manifest.
	Sized bool
	Size  int64
	// ETag as the source gives it, without quotes; "" if it does not.
	ETag string
	// StorageClass as the source gives it, for example STANDARD; "" if it does not.
	StorageClass string
	// LastModified in UTC, zero if the source does not say.
	LastModified time.Time

	// Skip is why there is nothing to read, according to the source itself: SkipDeleteMarker, SkipOldVersion or
	// SkipFolder; or why the line is no row: SkipTitle, SkipHeader, SkipEmpty or SkipTotal; else "".
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
