package entry

// SkipTitle, SkipHeader, SkipFolder, SkipEmpty and SkipTotal are reasons for which
// a line of a manifest names no object.
const (
	SkipTitle  = "title or comment line" // before the header, or marked as a comment
	SkipHeader = "repeated header"       // of files that were joined
	SkipFolder = "folder"                // in a listing
	SkipEmpty  = "empty row"             // only empty cells, as Excel writes them
	SkipTotal  = "line of totals"        // at the end of a table
)

// Values of Entry.Skip for rows of an inventory of all versions that are no object to be read.
const (
	SkipDeleteMarker = "delete marker" // there is no object
	SkipOldVersion   = "old version"   // AiR reads the latest one
)
