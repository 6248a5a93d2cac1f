package filter

import (
	"strings"
	"time"

	"airlift/manifest/entry"
)

// Reasons for which Filter.Skip leaves an entry out, beside those of entry.Entry.Skip.
const (
	SkipSent         = "already sent"      // a row of a report, in state submitted, sending or in_doubt
	SkipFolderMarker = "folder marker"     // a key that ends in "/"
	SkipType         = "file type"         // an extension that is not wanted
	SkipNotIncluded  = "not included"      // there are include patterns, and none matches
	SkipExcluded     = "excluded"          // the first pattern that matches excludes it
	SkipEmpty        = "zero bytes"        // known to be of size 0
	SkipArchived     = "archived"          // in a storage class that must be restored before it can be read
	SkipSmall        = "too small"         // under MinSize
	SkipLarge        = "too large"         // over MaxSize
	SkipNoSize       = "size not known"    // there is a bound, and the source gives no size
	SkipOld          = "too old"           // last modified before NewerThan
	SkipNew          = "too new"           // last modified after OlderThan
	SkipNoDate       = "date not known"    // there is a bound, and the source gives no date
	SkipSample       = "not in the sample" // not in the share of a Sample, or beyond its Count
)

// Config says which entries to select. The zero value selects every row that was not sent and that AiR can read, as far
// as the source shows: from a scan only the types that AiR reads, and never folder markers, empty or archived objects.
type Config struct {
	// Patterns choose by the key.
	Patterns Patterns
	// Types are media classes (see entry.Classes) and extensions to take, from manifests as well as scans. An extension
	// may be written with or without its dot and in any case, but one that AiR does not read needs the dot. Empty:
	// entry.AiRTypes, and from scans only, since the rows of a manifest were chosen.
	Types []string
	// AllTypes takes all types; it excludes Types.
	AllTypes bool
	// MinSize and MaxSize bound the size in bytes, both taken; 0 is no bound.
	MinSize, MaxSize int64
	// NewerThan and OlderThan bound the last modification, both taken; zero is no bound.
	NewerThan, OlderThan time.Time
	// Sample takes a part of what passes all else. Skip applies its share; its
	// Count is for the caller, who alone sees all sources.
	Sample Sample
	// TakeFolders, TakeEmpty and TakeArchived take what is left out by default.
	TakeFolders, TakeEmpty, TakeArchived bool
}

// Filter decides which entries are left out. It is safe for concurrent use.
type Filter struct {
	config    Config
	rules     *rules          // nil: there are no patterns
	types     map[string]bool // nil: all
	scansOnly bool            // types apply to scans only
}

// New checks the config. Its errors are entry.ErrUsage.
func New(c Config) (*Filter, error) {
	f := &Filter{config: c}
	if c.Patterns.any() {
		var err error
		if f.rules, err = c.Patterns.compile(); err != nil {
			return nil, err
		}
	}
	types := c.Types
	switch {
	case c.MaxSize > 0 && c.MinSize > c.MaxSize:
		return nil, entry.Usagef("the least size is over the largest, so nothing could be taken")
	case !c.OlderThan.IsZero() && c.NewerThan.After(c.OlderThan):
		return nil, entry.Usagef("nothing can be newer than %s and older than %s", c.NewerThan.Format(time.RFC3339), c.OlderThan.Format(time.RFC3339))
	case c.AllTypes && len(c.Types) > 0:
		return nil, entry.Usagef("all types and a list of types exclude each other; give one")
	case c.AllTypes:
		return f, nil
	case len(types) == 0:
		types, f.scansOnly = entry.AiRTypes(), true
	}
	extensions, err := entry.Extensions(types)
	if err != nil {
		return nil, err
	}
	f.types = make(map[string]bool, len(extensions))
	for _, e := range extensions {
		f.types[e] = true
	}
	return f, nil
}

// Skip returns the reason for which the entry is skipped, "" if it is selected. The
// reason is one of the Skip constants here or in package entry.
func (f *Filter) Skip(e *entry.Entry) string {
	if e.Skip != "" {
		return e.Skip
	}
	if why := f.skipKey(e); why != "" {
		return why
	}
	c := &f.config
	switch {
	case e.Sized && e.Size == 0 && !c.TakeEmpty && !strings.HasSuffix(e.Key, "/"):
		return SkipEmpty
	case entry.Archived(e.StorageClass) && !c.TakeArchived:
		return SkipArchived
	}
	if why := c.skipSize(e); why != "" {
		return why
	}
	if why := c.skipDate(e); why != "" {
		return why
	}
	if !c.Sample.takes(e) {
		return SkipSample
	}
	return ""
}

// skipSize applies the bounds of the size.
func (c *Config) skipSize(e *entry.Entry) string {
	switch {
	case c.MinSize == 0 && c.MaxSize == 0:
		return ""
	case !e.Sized:
		return SkipNoSize
	case e.Size < c.MinSize:
		return SkipSmall
	case c.MaxSize > 0 && e.Size > c.MaxSize:
		return SkipLarge
	}
	return ""
}

// skipDate applies the bounds of the last modification.
func (c *Config) skipDate(e *entry.Entry) string {
	switch {
	case c.NewerThan.IsZero() && c.OlderThan.IsZero():
		return ""
	case e.LastModified.IsZero():
		return SkipNoDate
	case e.LastModified.Before(c.NewerThan):
		return SkipOld
	case !c.OlderThan.IsZero() && e.LastModified.After(c.OlderThan):
		return SkipNew
	}
	return ""
}

// skipKey applies the rules that need only the key and the state.
func (f *Filter) skipKey(e *entry.Entry) string {
	chosen := ""
	if f.rules != nil { // always, so that Unmatched knows every pattern that matches
		chosen = f.rules.skip(e.Key)
	}
	switch e.State {
	case "submitted", "sending", "in_doubt":
		return SkipSent
	}
	switch {
	case strings.HasSuffix(e.Key, "/") && !f.config.TakeFolders:
		return SkipFolderMarker
	case f.types != nil && (e.Scan || !f.scansOnly) && !f.types[entry.Extension(e.Key)]:
		return SkipType
	}
	return chosen
}

// Unmatched returns a sentence for each pattern, and one for each file of patterns, that matched no key given to Skip
// so far. After all sources were read such a pattern is probably misspelled.
func (f *Filter) Unmatched() []string {
	if f.rules == nil {
		return nil
	}
	return f.rules.unmatched()
}

// Overlaps reports whether both include flags and exclude flags
// flags. As in rclone an inclusion then wins over an exclusion.
func (f *Filter) Overlaps() bool { return f.rules != nil && f.rules.overlaps }
