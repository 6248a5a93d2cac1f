package intake

import (
	"fmt"
	"strings"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/filter"
)

// emptiness tracks whether the sources of a reading have any rows or objects, and whether any passed the filters. A row that
// the batch already has counts too: a reading that finds nothing new is not empty.
type emptiness struct {
	resumed bool  // a scan resumed after what an earlier one found
	here    int64 // rows of the current source
	rows    int64 // of all sources
	taken   bool  // a row is an item, or was sent before, or is rejected, which has its own exit code
}

// begin starts a source.
func (n *emptiness) begin(resumed bool) { n.here, n.resumed = 0, n.resumed || resumed }

// see counts a row.
func (n *emptiness) see(got row) {
	switch got.skipped {
	case entry.SkipTitle, entry.SkipHeader, entry.SkipEmpty, entry.SkipTotal:
		return // not a row
	case "", filter.SkipSent, filter.SkipOld: // what is too old was found by an earlier reading
		n.taken = true
	}
	n.here++
	n.rows++
}

// endSource warns if a source that ended cleanly was empty.
func (r *Reading) endSource(src manifest.Source) {
	if r.nothing.here > 0 || r.nothing.resumed {
		return
	}
	what := "has no row"
	if src.Kind == manifest.KindS3Scan {
		what = "lists no object"
	}
	r.isEmpty(src.Arg + " " + what)
}

// endAll warns once if the filters excluded all rows of all sources.
func (r *Reading) endAll() {
	n := &r.nothing
	if r.End().Broken != nil || n.taken || n.rows == 0 || n.resumed {
		return
	}
	n.taken = true // warn only once
	var names []string
	for _, src := range r.Named {
		names = append(names, src.Arg)
	}
	r.isEmpty(fmt.Sprintf("the filters leave nothing of the %d rows or objects of %s", n.rows, shorten(strings.Join(names, ", "), 200)))
}

// isEmpty warns that something is empty, which is probably a mistake.
func (r *Reading) isEmpty(what string) {
	if r.AllowEmpty {
		return
	}
	text := what + ": nothing was found to submit. If that is right, add --allow-empty"
	r.log.Warn().Msg(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end.Empty = append(r.end.Empty, text)
}
