package s3scan

import (
	"context"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

const (
	// leapsAt is at how many places of a key leaps are made from it.
	guessedPlaces = 128
	// longestDue bounds how many pages a span may bring until hints are asked for again.
	maxDue = 64
)

// nextSplitPoint takes the best place to split a span: the middle of the longest row of
// hints that no key listed, no end and no probe under way interrupts. Hints
// only say where it may be worth to begin; nothing depends on their being right.
func (s *scan) nextSplitPoint() (m string, ok bool) {
	var from, most int
	for _, sp := range s.spans {
		low := sp.pos
		for _, high := range append(s.probesIn(sp), sp.end) {
			i := sort.SearchStrings(s.splitPoints, low+"\x00")
			j := len(s.splitPoints)
			if high != "" {
				j = sort.SearchStrings(s.splitPoints, high)
			}
			if j-i > most {
				from, most = i, j-i
			}
			low = high
		}
	}
	if most == 0 {
		return "", false
	}
	m = s.splitPoints[from+most/2]
	s.splitPoints = slices.Delete(s.splitPoints, from+most/2, from+most/2+1)
	return m, true
}

// probesIn returns the probes under way in a span, in order.
func (s *scan) probesIn(sp *span) []string {
	var in []string
	for _, m := range s.probes {
		if m > sp.pos && (sp.end == "" || m < sp.end) {
			in = append(in, m)
		}
	}
	slices.Sort(in)
	return in
}

// dropSplitPoints drops the hints that lead to the same key as a probe did: those from m
// on, up to the first key behind it.
func (s *scan) dropSplitPoints(m string, a *answer) {
	i, j := sort.SearchStrings(s.splitPoints, m), len(s.splitPoints)
	if len(a.objects) > 0 {
		j = max(i, sort.SearchStrings(s.splitPoints, *a.objects[0].Key))
	}
	s.splitPoints = slices.Delete(s.splitPoints, i, j)
}

// split makes a span of what a probe has listed, if no span has it yet, and
// returns its first page.
func (s *scan) split(m string, a *answer) (*span, *page) {
	if len(a.objects) == 0 {
		return nil, nil
	}
	first := *a.objects[0].Key
	i := slices.IndexFunc(s.spans, func(sp *span) bool { return sp.pos < first && (sp.end == "" || first < sp.end) })
	if i < 0 {
		return nil, nil
	}
	left := s.spans[i]
	sp := &span{after: m, end: left.end, lastFolder: left.lastFolder, due: 2}
	p, err := s.takePageLocked(sp, a)
	if err != nil {
		return nil, nil // never: its keys are in order, and there is none before
	}
	left.end, left.due, left.lastFolder = first, 2, ""
	if at := sort.SearchStrings(s.folders, m); at > 0 {
		left.lastFolder = s.folders[at-1]
	}
	s.spans = slices.Insert(s.spans, i+1, sp)
	return sp, p
}

// dueSpan returns the span that has brought most pages since hints were asked
// for, if one is due.
func (s *scan) dueSpan() *span {
	var best *span
	for _, sp := range s.spans {
		if sp.pos != "" && sp.pages >= max(1, sp.due) && (best == nil || sp.pages > best.pages) {
			best = sp
		}
	}
	if best != nil {
		best.pages, best.due = 0, min(maxDue, 2*max(1, best.due))
	}
	return best
}

// findSplitPoints asks for hints between two keys: the folders of the highest level that
// has some there. Where there are none, or more than one answer holds, it leaps.
func (s *scan) findSplitPoints(ctx context.Context, pos, end string) (hints []string, folders bool) {
	shared := len(s.prefix)
	if end != "" {
		shared = max(shared, sharedLen(pos, end))
	}
	for level := max(len(s.prefix), strings.LastIndexByte(pos[:min(shared, len(pos))], '/')+1); ; {
		a, err := s.ask(ctx, query{prefix: pos[:level], after: pos, folded: true}, 0)
		if err != nil {
			break // the pages of the listing itself will tell
		}
		var found []string
		for _, f := range a.folders {
			// The folder of end leads to end itself.
			if f > pos && (end == "" || f < end && !strings.HasPrefix(end, f)) {
				found = append(found, f)
			}
		}
		if len(found) > 0 && a.token == nil {
			slices.Sort(found)
			return slices.Compact(found), true
		}
		down := strings.IndexByte(pos[level:], '/')
		if len(found) > 0 || down < 0 {
			break
		}
		level += down + 1
	}
	return guessSplitPoints(pos, end, shared), false
}

// guessSplitPoints returns places behind a key at which others may stand that begin as it
// does: at each character from the given place on, that character with a higher
// one in its stead.
func guessSplitPoints(pos, end string, from int) []string {
	var found []string
	for from > 0 && from < len(pos) && !utf8.RuneStart(pos[from]) {
		from--
	}
	for i := min(from, len(pos)); i < min(len(pos), from+guessedPlaces); {
		r, size := utf8.DecodeRuneInString(pos[i:])
		for step := rune(1); step <= 32 && r != utf8.RuneError; step *= 2 {
			m := pos[:i] + string(r+step)
			if utf8.ValidRune(r+step) && (end == "" || m < end) {
				found = append(found, m)
			}
		}
		i += size
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func sharedLen(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
