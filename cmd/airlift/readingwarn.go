package main

import (
	"airlift/manifest"
	"airlift/manifest/filter"
)

// warnUnknown says once that a filter leaves rows out for what their source does not tell.
func (r *reading) warnUnknown(e *manifest.Entry, why string) {
	if r.warned || why != filter.SkipNoSize && why != filter.SkipNoDate {
		return
	}
	r.warned = true
	r.log.Warn().Str("source", r.list[r.next-1].Arg).Int64("line", e.Line).
		Msg(why + ": such rows are left out, for a filter asks for it and the source does not tell it; the summary counts them")
}

// warnColumns says once that rows have more columns than a batch may.
func (r *reading) warnColumns(e *manifest.Entry, err error) {
	if r.warnedColumns {
		return
	}
	r.warnedColumns = true
	r.log.Warn().Msgf("%s: line %d: the row is rejected: %v (said once)", r.list[r.next-1].Arg, e.Line, err)
}

// unmatched tells which patterns matched nothing, if all sources were read.
func (r *reading) unmatched() []string {
	if r == nil || !r.whole {
		return nil
	}
	return r.filter.Unmatched()
}
