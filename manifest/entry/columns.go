package entry

// Column is a recognized column of a manifest.
type Column int

const (
	ColBucket Column = iota
	ColKey
	ColRegion
	ColEndpoint
	colName
	ColPriority
	ColServices
	ColDestinationBucket
	ColDestinationRegion
	ColSize // from here to colVersionID: details of the object; copied to the report too
	colETag
	ColLastModified
	colStorageClass
	ColVersionID
	colBatch                 // the batch that the row says it belongs to; carried to the report too
	colState                 // in our own reports only
	ColIgnore                // of our own reports only: what the report adds to a row
	ColIsLatest              // of S3 inventories only
	ColIsDeleteMarker        // of S3 inventories only
	NumColumns               // their number
	ColExtra          Column = -1
)

// Carried reports whether a column is read and also carried to the report.
func (c Column) Carried() bool { return c >= ColSize && c <= colBatch }

// Describes returns which detail of the object an extra column of a manifest holds: size, etag, last_modified,
// storage_class or version_id, in any spelling of its name; "" for all other columns.
func Describes(name string) string {
	if c := ColumnOf(name); c.Carried() && c != colBatch {
		return c.String()
	}
	return ""
}

// String returns the column's canonical name, "" for one that has none.
func (c Column) String() string {
	if c < 0 {
		return ""
	}
	return names[c]
}

// names are the canonical names, by which rejected rows show their columns.
var names = [NumColumns]string{
	"bucket", "key", "region", "endpoint", "name", "priority", "services",
	"destination_bucket", "destination_region",
	"size", "etag", "last_modified", "storage_class", "version_id", "batch",
	"state", "", "is_latest", "is_delete_marker",
}

// byName finds the columns that a manifest may have, by folded name. The other
// spellings are those of AiR's API and of S3 Inventory.
var byName = func() map[string]Column {
	m := map[string]Column{"objectkey": ColKey, "s3key": ColKey, "lastmodifieddate": ColLastModified}
	for c := ColBucket; c < colState; c++ {
		m[FoldName(names[c])] = c
	}
	return m
}()

// ColumnOf returns the column of a name: one of names up to batch, or object_key, s3_key or last_modified_date, in any
// spelling that FoldName makes equal; ColExtra for any other. Names such as path or file do not count as the key: they
// may be relative to something.
func ColumnOf(name string) Column {
	if c, ok := byName[FoldName(name)]; ok {
		return c
	}
	return ColExtra
}

// Values are a row's recognized columns, "" if absent or empty.
type Values [NumColumns]string
