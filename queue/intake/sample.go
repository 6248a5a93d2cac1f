package intake

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"io"
	"slices"

	"airlift/manifest/filter"
	"airlift/queue"
)

// selected limits the rows that pass the filter to those of --sample N and --limit N.
func (r *Reading) selected(from rowSource) rowSource {
	if r.Sample > 0 {
		from = (&sampler{want: r.Sample, from: from, has: map[uint64]bool{}}).next
	}
	if r.Limit > 0 {
		from = r.limited(from)
	}
	return from
}

// limited ends after the last item of the limit. Items that the queue already has count too, so that the same command
// takes the same items however often it runs.
func (r *Reading) limited(from rowSource) rowSource {
	left := r.Limit
	return func(ctx context.Context) (row, error) {
		if left == 0 {
			r.log.Info().Int64("limit", r.Limit).Msg("--limit is reached: the sources are read no further")
			return row{}, io.EOF
		}
		got, err := from(ctx)
		if err == nil && got.item != nil {
			left--
		}
		return got, err
	}
}

// sampler selects the want items of lowest rank (see filter.Rank), each object once. It
// returns them in the order of the sources once these have ended.
type sampler struct {
	want  int
	from  rowSource
	held  []sampled // a heap, the highest rank on top; after the end by order
	has   map[uint64]bool
	read  int64
	ended bool
}

type sampled struct {
	rank  uint64
	order int64
	item  *queue.Item
}

// next returns rows that are not items at once, and a skipped row for each item that is displaced.
func (s *sampler) next(ctx context.Context) (row, error) {
	for !s.ended {
		got, err := s.from(ctx)
		switch {
		case errors.Is(err, io.EOF):
			s.ended = true
			slices.SortFunc(s.held, func(a, b sampled) int { return cmp.Compare(a.order, b.order) })
		case err != nil || got.item == nil:
			return got, err
		case s.displaces(got.item):
			return row{skipped: filter.SkipSample}, nil
		}
	}
	if len(s.held) == 0 {
		return row{}, io.EOF
	}
	first := s.held[0]
	s.held = s.held[1:]
	return row{item: first.item}, nil
}

// displaces adds an item, and reports whether it or another item is dropped.
func (s *sampler) displaces(it *queue.Item) bool {
	s.read++
	rank := filter.Rank(it.Bucket, it.Key)
	full := len(s.held) == s.want
	if s.has[rank] || full && rank > s.held[0].rank {
		return true
	}
	if full {
		delete(s.has, heap.Pop(s).(sampled).rank)
	}
	s.has[rank] = true
	heap.Push(s, sampled{rank, s.read, it})
	return full
}

// The methods of heap.Interface.

func (s *sampler) Len() int           { return len(s.held) }
func (s *sampler) Less(i, j int) bool { return s.held[i].rank > s.held[j].rank }
func (s *sampler) Swap(i, j int)      { s.held[i], s.held[j] = s.held[j], s.held[i] }
func (s *sampler) Push(x any)         { s.held = append(s.held, x.(sampled)) }

// Pop removes the last element.
func (s *sampler) Pop() any {
	last := len(s.held) - 1
	x := s.held[last]
	s.held = s.held[:last]
	return x
}
