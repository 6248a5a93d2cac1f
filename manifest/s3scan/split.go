package s3scan

import (
	"context"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

const (
	// guessedPlaces is at how many places of a key split points are guessed.
	guessedPlaces = 128
	// maxDue limits the pages of a range between two searches for split points.
	maxDue = 64
)

// nextSplitPoint takes the best split point: the middle of the longest run of split
// points without a listed key, an end or a probe in between.
func (s *scan) nextSplitPoint() (m string, ok bool) {
	var from, most int
	for _, kr := range s.ranges {
		low := kr.pos
		for _, high := range append(s.probesIn(kr), kr.end) {
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

// probesIn returns the running probes in a range, in order.
func (s *scan) probesIn(kr *keyRange) []string {
	var in []string
	for _, m := range s.probes {
		if m > kr.pos && (kr.end == "" || m < kr.end) {
			in = append(in, m)
		}
	}
	slices.Sort(in)
	return in
}

// dropSplitPoints drops the split points that lead to the same key as a probe: those
// from m up to the first key that the probe listed.
func (s *scan) dropSplitPoints(m string, a *answer) {
	i, j := sort.SearchStrings(s.splitPoints, m), len(s.splitPoints)
	if len(a.objects) > 0 {
		j = max(i, sort.SearchStrings(s.splitPoints, *a.objects[0].Key))
	}
	s.splitPoints = slices.Delete(s.splitPoints, i, j)
}

// split makes a range of what a probe listed, unless that is read already, and returns its first page.
func (s *scan) split(m string, a *answer) (*keyRange, *page) {
	if len(a.objects) == 0 {
		return nil, nil
	}
	first := *a.objects[0].Key
	i := slices.IndexFunc(s.ranges, func(kr *keyRange) bool { return kr.pos < first && (kr.end == "" || first < kr.end) })
	if i < 0 {
		return nil, nil
	}
	left := s.ranges[i]
	kr := &keyRange{after: m, end: left.end, lastFolder: left.lastFolder, due: 2}
	p, err := s.takePageLocked(kr, a)
	if err != nil {
		return nil, nil // cannot happen: checkAnswer checked the order, and pos is empty
	}
	left.end, left.due, left.lastFolder = first, 2, ""
	if at := sort.SearchStrings(s.folders, m); at > 0 {
		left.lastFolder = s.folders[at-1]
	}
	s.ranges = slices.Insert(s.ranges, i+1, kr)
	return kr, p
}

// dueRange returns the range with the most pages since its last search for split points, if one is due.
func (s *scan) dueRange() *keyRange {
	var best *keyRange
	for _, kr := range s.ranges {
		if kr.pos != "" && kr.pages >= max(1, kr.due) && (best == nil || kr.pages > best.pages) {
			best = kr
		}
	}
	if best != nil {
		best.pages, best.due = 0, min(maxDue, 2*max(1, best.due))
	}
	return best
}

// findSplitPoints returns split points between two keys: the folders of the highest level that has some there. If there
// are none, or more than one page of them, it guesses.
func (s *scan) findSplitPoints(ctx context.Context, pos, end string) (points []string, folders bool) {
	shared := len(s.prefix)
	if end != "" {
		shared = max(shared, sharedLen(pos, end))
	}
	for level := max(len(s.prefix), strings.LastIndexByte(pos[:min(shared, len(pos))], '/')+1); ; {
		a, err := s.ask(ctx, query{prefix: pos[:level], after: pos, folded: true}, 0)
		if err != nil {
			break // a lasting error shows in the listing itself
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

// guessSplitPoints returns texts after a key that share its beginning: at each
// character from the given place on, that character is replaced by higher ones.
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
