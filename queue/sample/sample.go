package sample

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"path"
	"slices"
	"strings"

	"airlift/queue"
)

const (
	// kept is how many items of each type are kept to choose from.
	kept = 1024
	// maxTypes is how many types are told apart; the items of others count as one type.
	maxTypes = 64
	// otherTypes is the type of the items beyond maxTypes.
	otherTypes = "(other)"
)

// Sample is a sample of a batch in the making. Make one with [New].
type Sample struct {
	batch string
	types map[string]*lowest
}

// candidate is an item that may be chosen.
type candidate struct {
	rank uint64 // a hash of its object
	seq  uint64
	key  string
}

// New returns an empty sample of a batch.
func New(batch string) *Sample { return &Sample{batch, map[string]*lowest{}} }

// Add shows an item to the sample.
func (s *Sample) Add(it *queue.Item) {
	h := s.types[typeOf(it.Key)]
	if h == nil {
		name := typeOf(it.Key)
		if len(s.types) >= maxTypes {
			name = otherTypes
		}
		if h = s.types[name]; h == nil {
			h = &lowest{}
			s.types[name] = h
		}
	}
	h.add(candidate{s.rank(it), it.Seq, it.Key})
}

// rank returns a number that depends on the object and the batch alone.
func (s *Sample) rank(it *queue.Item) uint64 {
	h := sha256.New()
	for _, text := range []string{s.batch, it.Bucket, it.Key} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(text)))
		h.Write(length[:])
		h.Write([]byte(text))
	}
	return binary.BigEndian.Uint64(h.Sum(nil)) ^ it.Version
}

// typeOf returns the type of an object: its extension in lower case.
func typeOf(key string) string { return strings.ToLower(path.Ext(key)) }

// Choose returns the Seqs of up to n items that were added, in the order of the items.
func (s *Sample) Choose(n int) []uint64 {
	var types [][]candidate // in the order of turns within each
	for _, h := range s.types {
		all := h.ranked()
		shared := sharedFolder(all)
		types = append(types, inTurn(all, func(c candidate) string { return folderBelow(c.key, shared) }))
	}
	slices.SortFunc(types, func(a, b []candidate) int { return cmp.Compare(a[0].rank, b[0].rank) })
	var seqs []uint64
	for _, c := range interleave(types) {
		if len(seqs) < n {
			seqs = append(seqs, c.seq)
		}
	}
	slices.Sort(seqs)
	return seqs
}

// sharedFolder returns the folder that all keys share, with its slash.
func sharedFolder(all []candidate) (folder string) {
	for i, c := range all {
		at := c.key[:strings.LastIndex(c.key, "/")+1]
		if i == 0 {
			folder = at
		}
		for !strings.HasPrefix(at, folder) {
			folder = folder[:strings.LastIndex(strings.TrimSuffix(folder, "/"), "/")+1]
		}
	}
	return folder
}

// folderBelow returns the folder of a key that lies in another folder directly.
func folderBelow(key, in string) string {
	folder, _, below := strings.Cut(key[len(in):], "/")
	if !below {
		return ""
	}
	return folder
}

// inTurn reorders candidates so that each group has a turn after the other. The order within a group stays.
func inTurn(all []candidate, group func(candidate) string) []candidate {
	var order []string
	groups := map[string][]candidate{}
	for _, c := range all {
		name := group(c)
		if groups[name] == nil {
			order = append(order, name)
		}
		groups[name] = append(groups[name], c)
	}
	lists := make([][]candidate, len(order))
	for i, name := range order {
		lists[i] = groups[name]
	}
	return interleave(lists)
}

// interleave returns the first of each list, then the second of each, and so on.
func interleave(lists [][]candidate) (all []candidate) {
	for i := 0; ; i++ {
		before := len(all)
		for _, list := range lists {
			if i < len(list) {
				all = append(all, list[i])
			}
		}
		if len(all) == before {
			return all
		}
	}
}

// lowest has the candidates of lowest rank, and up to as many more.
type lowest struct {
	all []candidate
	// most is the highest rank that may be among the lowest; 0: not known.
	most uint64
}

// add adds a candidate, and drops those that are not among the lowest once there are many.
func (l *lowest) add(c candidate) {
	if l.most > 0 && c.rank > l.most {
		return
	}
	c.key = strings.Clone(c.key)
	if l.all = append(l.all, c); len(l.all) >= 2*kept {
		l.all = l.ranked()
		l.most = l.all[kept-1].rank
	}
}

// ranked returns the candidates of lowest rank, in order.
func (l *lowest) ranked() []candidate {
	slices.SortFunc(l.all, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.seq, b.seq)) })
	return l.all[:min(len(l.all), kept)]
}
