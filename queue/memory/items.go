package memory

import (
	"slices"

	"airlift/queue"
)

// items are the items of a batch, in order of Seq, and the index of their objects.
type items struct {
	list    []queue.Item
	first   map[queue.Object]uint64   // the first item of an object
	history map[uint64]*queue.History // by first item; an object without one has the content of that item
}

// add adds an item, and its object to the index unless it is a version.
func (s *items) add(it queue.Item) {
	it.Seq, it.Details = uint64(len(s.list)), nil
	it.Extra, it.Own.Services = slices.Clone(it.Extra), slices.Clone(it.Own.Services)
	s.list = append(s.list, it)
	if it.Version == 0 {
		s.first[queue.Object{Bucket: it.Bucket, Key: it.Key}] = it.Seq
	}
}

func (s *items) len() uint64              { return uint64(len(s.list)) }
func (s *items) at(seq uint64) queue.Item { return s.list[seq] }

// find returns the first item of an object.
func (s *items) find(bucket, key string) (uint64, bool) {
	seq, ok := s.first[queue.Object{Bucket: bucket, Key: key}]
	return seq, ok
}

// historyOf returns the history of an object, to be changed by the caller.
func (s *items) historyOf(first uint64) queue.History {
	if h := s.history[first]; h != nil {
		return queue.History{First: h.First, Further: slices.Clone(h.Further)}
	}
	return queue.History{First: s.at(first).Content}
}

// all returns all items of an object.
func (s *items) all(first uint64) []uint64 {
	seqs := []uint64{first}
	if h := s.history[first]; h != nil {
		for _, v := range h.Further {
			seqs = append(seqs, v.Seq)
		}
	}
	return seqs
}

// numbers are sequence numbers in order.
type numbers []uint64

func (n *numbers) add(seq uint64) {
	if at, found := slices.BinarySearch(*n, seq); !found {
		*n = slices.Insert(*n, at, seq)
	}
}

func (n *numbers) remove(seq uint64) {
	if at, found := slices.BinarySearch(*n, seq); found {
		*n = slices.Delete(*n, at, at+1)
	}
}

// from returns the numbers from seq on.
func (n numbers) from(seq uint64) []uint64 {
	at, _ := slices.BinarySearch(n, seq)
	return n[at:]
}
