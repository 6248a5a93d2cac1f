package airtest

import (
	"slices"
	"sort"
	"time"
)

// span is some jobs, oldest first: n of picked, or of all from the first.
type span struct {
	all    bool
	first  uint32 // of all
	picked []uint32
	n      int
	tie    func(n uint32) int64 // if not nil, jobs with the same value are listed in reverse order
}

// listed returns those of the picked jobs, or of all, that a list shows: not those that
// it has forgotten, and not yet those within the lag.
func (v *view) listed(all bool, picked []uint32) span {
	from := uint32(v.forgotten)
	if keep := time.Duration(v.settings.Retention); keep > 0 {
		from = max(from, uint32(createdBy(v.jobs, v.now.Add(-keep).UnixNano())))
	}
	to := max(from, uint32(createdBy(v.jobs, v.now.Add(-time.Duration(v.settings.ListLag)).UnixNano())))
	if all {
		return span{all: true, first: from, n: int(to - from)}
	}
	i, _ := slices.BinarySearch(picked, from)
	k, _ := slices.BinarySearch(picked, to)
	return span{picked: picked[i:k], n: k - i}
}

func (s span) at(i int) uint32 {
	if s.tie != nil {
		tie := s.tie(s.plain(i))
		from := sort.Search(s.n, func(k int) bool { return s.tie(s.plain(k)) >= tie })
		to := sort.Search(s.n, func(k int) bool { return s.tie(s.plain(k)) > tie })
		i = from + to - 1 - i
	}
	return s.plain(i)
}

func (s span) plain(i int) uint32 {
	if s.all {
		return s.first + uint32(i)
	}
	return s.picked[i]
}

// inOrder returns the i-th job in the order that was asked for.
func (s span) inOrder(i int, descending bool) uint32 {
	if descending {
		return s.at(s.n - 1 - i)
	}
	return s.at(i)
}

func (s span) filter(keep func(uint32) bool) span {
	var picked []uint32
	for i := range s.n {
		if n := s.at(i); keep(n) {
			picked = append(picked, n)
		}
	}
	return span{picked: picked, n: len(picked)}
}
