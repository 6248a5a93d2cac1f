package manifest

import (
	"strings"
	"time"
)

// Reasons for which Filter.Skip leaves an entry out.
const (
	SkipSent         = "already sent"      // a row of a report, in state submitted, sending or in_doubt
	SkipDeleteMarker = "delete marker"     // in an inventory of all versions: there is no object
	SkipOldVersion   = "old version"       // in an inventory of all versions: AiR reads the latest one
	SkipFolderMarker = "folder marker"     // a key that ends in "/"
	SkipType         = "file type"         // an extension that is not wanted
	SkipNotIncluded  = "not included"      // no include pattern matches
	SkipExcluded     = "excluded"          // an exclude pattern matches
	SkipEmpty        = "zero bytes"        // known to be of size 0
	SkipArchived     = "archived"          // in a storage class that must be restored before it can be read
	SkipSmall        = "too small"         // under MinSize
	SkipLarge        = "too large"         // over MaxSize
	SkipNoSize       = "size not known"    // there is a bound, and the source does not tell the size
	SkipOld          = "too old"           // last modified before NewerThan
	SkipNew          = "too new"           // last modified after OlderThan
	SkipNoDate       = "date not known"    // there is a bound, and the source does not tell the date
	SkipSample       = "not in the sample" // not in the share of a Sample, or beyond its Count
)

// FilterConfig says which entries to take. The zero value takes every row that
// was not sent and that AiR can read as far as the source tells: of a scan only
// the types that AiR reads, and never folder markers, empty or archived objects.
type FilterConfig struct {
	// Include and Exclude are doublestar globs (*, **, ?, [a-z], {a,b}), case
	// sensitive. One without a slash matches the key's last part, as in rclone;
	// one with a slash matches the whole key; a leading slash only says that.
	// With Include, an entry must match one of them; Exclude wins.
	Include, Exclude []string
	// Types are media classes (see Classes) and extensions to take, from
	// manifests as well as scans. An extension may be written with or without
	// its dot and in any case, but one that AiR does not read needs the dot.
	// Empty: AiRTypes, and from scans only, since the rows of a manifest were
	// chosen.
	Types []string
	// AllTypes takes all types; it excludes Types.
	AllTypes bool
	// MinSize and MaxSize bound the size in bytes, both taken; 0 is no bound.
	MinSize, MaxSize int64
	// NewerThan and OlderThan bound the last modification, both taken; zero is
	// no bound.
	NewerThan, OlderThan time.Time
	// Sample takes a part of what passes all else. Skip obeys its share; its
	// Count is for the caller, who alone sees all sources.
	Sample Sample
	// TakeFolders, TakeEmpty and TakeArchived take what is left out by default.
	TakeFolders, TakeEmpty, TakeArchived bool
}

// Filter decides which entries are left out. It is safe for concurrent use.
type Filter struct {
	config           FilterConfig
	include, exclude globs
	types            map[string]bool // nil: all
	scansOnly        bool            // types apply to scans only
}

// NewFilter checks the config. Its errors are ErrUsage.
func NewFilter(c FilterConfig) (*Filter, error) {
	f := &Filter{config: c}
	var err error
	if f.include, err = newGlobs("--include", c.Include); err != nil {
		return nil, err
	}
	if f.exclude, err = newGlobs("--exclude", c.Exclude); err != nil {
		return nil, err
	}
	types := c.Types
	switch {
	case c.MaxSize > 0 && c.MinSize > c.MaxSize:
		return nil, usagef("the least size is over the largest, so nothing could be taken")
	case !c.OlderThan.IsZero() && c.NewerThan.After(c.OlderThan):
		return nil, usagef("nothing can be newer than %s and older than %s", c.NewerThan.Format(time.RFC3339), c.OlderThan.Format(time.RFC3339))
	case c.AllTypes && len(c.Types) > 0:
		return nil, usagef("all types and a list of types exclude each other; give one")
	case c.AllTypes:
		return f, nil
	case len(types) == 0:
		types, f.scansOnly = AiRTypes(), true
	}
	f.types, err = parseTypes(types)
	return f, err
}

// Skip gives the reason for which the entry is left out, "" if it is taken. The
// reason is one of the Skip constants.
func (f *Filter) Skip(e *Entry) string {
	if e.Skip != "" {
		return e.Skip
	}
	if why := f.skipName(e); why != "" {
		return why
	}
	c := &f.config
	switch {
	case e.Sized && e.Size == 0 && !c.TakeEmpty && !strings.HasSuffix(e.Key, "/"):
		return SkipEmpty
	case Archived(e.StorageClass) && !c.TakeArchived:
		return SkipArchived
	case (c.MinSize > 0 || c.MaxSize > 0) && !e.Sized:
		return SkipNoSize
	case c.MinSize > 0 && e.Size < c.MinSize:
		return SkipSmall
	case c.MaxSize > 0 && e.Size > c.MaxSize:
		return SkipLarge
	case (!c.NewerThan.IsZero() || !c.OlderThan.IsZero()) && e.LastModified.IsZero():
		return SkipNoDate
	case !c.NewerThan.IsZero() && e.LastModified.Before(c.NewerThan):
		return SkipOld
	case !c.OlderThan.IsZero() && e.LastModified.After(c.OlderThan):
		return SkipNew
	case !c.Sample.takes(e):
		return SkipSample
	}
	return ""
}

// skipName judges by what every row tells.
func (f *Filter) skipName(e *Entry) string {
	switch e.State {
	case "submitted", "sending", "in_doubt":
		return SkipSent
	}
	switch {
	case strings.HasSuffix(e.Key, "/") && !f.config.TakeFolders:
		return SkipFolderMarker
	case f.types != nil && (e.Scan || !f.scansOnly) && !f.types[extension(e.Key)]:
		return SkipType
	case !f.include.empty() && !f.include.match(e.Key):
		return SkipNotIncluded
	case f.exclude.match(e.Key):
		return SkipExcluded
	}
	return ""
}

// Archived tells the storage classes whose objects must be restored before they
// can be read (Amazon S3 User Guide, "Understanding S3 storage classes":
// GLACIER_IR is read at once).
func Archived(class string) bool { return class == "GLACIER" || class == "DEEP_ARCHIVE" }
