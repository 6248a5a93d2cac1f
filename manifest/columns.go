package manifest

// column is a recognised column of a manifest.
type column int

const (
	colBucket column = iota
	colKey
	colRegion
	colEndpoint
	colName
	colPriority
	colServices
	colDestinationBucket
	colDestinationRegion
	colSize // from here to colVersionID: what the object is; carried to the report too
	colETag
	colLastModified
	colStorageClass
	colVersionID
	colBatch                 // the batch that the row says it belongs to; carried to the report too
	colState                 // of our own reports only
	colIgnore                // of our own reports only: what the report adds to a row
	colIsLatest              // of S3 inventories only
	colIsDeleteMarker        // of S3 inventories only
	columns                  // their number
	colExtra          column = -1
)

// carried reports whether a column is read and is a column of the user's as
// well, which the report gives back.
func (c column) carried() bool { return c >= colSize && c <= colBatch }

// Describes returns which property of the object a further column of a manifest
// gives: size, etag, last_modified, storage_class or version_id, in any spelling
// of its name, and "" for all other columns.
func Describes(name string) string {
	if c := columnOf(name); c.carried() && c != colBatch {
		return names[c]
	}
	return ""
}

// names are the canonical names, by which rejected rows show their columns.
var names = [columns]string{
	"bucket", "key", "region", "endpoint", "name", "priority", "services",
	"destination_bucket", "destination_region",
	"size", "etag", "last_modified", "storage_class", "version_id", "batch",
	"state", "", "is_latest", "is_delete_marker",
}

// byName finds the columns that a manifest may have, by folded name. The other
// spellings are those of AiR's API and of S3 Inventory.
var byName = func() map[string]column {
	m := map[string]column{"objectkey": colKey, "s3key": colKey, "lastmodifieddate": colLastModified}
	for c := colBucket; c < colState; c++ {
		m[foldName(names[c])] = c
	}
	return m
}()

// columnOf returns the column of a name: one of names up to batch, or object_key,
// s3_key or last_modified_date, in any spelling that foldName makes equal;
// colExtra for any other. Names such as path or file do not count as the key:
// they may be relative to something.
func columnOf(name string) column {
	if c, ok := byName[foldName(name)]; ok {
		return c
	}
	return colExtra
}

// values are a row's recognised columns, "" if absent or empty.
type values [columns]string
