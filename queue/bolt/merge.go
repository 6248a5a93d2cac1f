package bolt

import (
	"context"

	"go.etcd.io/bbolt"
)

const (
	// mergeRunsAt is how many runs of a size class are made one.
	mergeRunsAt = 8
	// maxRun bounds a merged run, for it is built in memory: 13 MB.
	maxRun = 1 << 19
)

// mergeRuns makes larger runs of small ones, so that a lookup goes through few. It is called with the batch's turn: nobody
// else changes the index, and those who look up meanwhile see the runs before or after.
func (db *DB) mergeRuns(ctx context.Context, b *batch) error {
	for {
		var from []runInfo
		var w runWriter
		// One read transaction, some 50 ms at most: the map is large enough that no commit waits for it.
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			runs, err := runsOf(bk)
			if err != nil {
				return err
			}
			if from = mergeable(runs); from == nil {
				return nil
			}
			return mergeInto(&w, bk.index, from)
		})
		if err != nil || from == nil {
			return err
		}
		err = db.submit(ctx, true, func(t *txn) error {
			bk, err := t.buckets(b)
			if err != nil {
				return err
			}
			w.store(t, b, bk)
			for _, r := range from {
				t.note(bk.index.DeleteBucket(r.num))
				t.delete(bk.runs, r.num)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// mergeable returns runs to be made one: the oldest of a size class that has eight, as many as may make one.
func mergeable(runs []runInfo) []runInfo {
	classes := map[int][]runInfo{}
	for _, r := range runs {
		class := sizeClass(r.count)
		classes[class] = append(classes[class], r)
	}
	for _, list := range classes {
		if len(list) < mergeRunsAt {
			continue
		}
		n, sum := 0, int64(0)
		for n < len(list) && sum+list[n].count <= maxRun {
			sum += list[n].count
			n++
		}
		if n > 1 {
			return list[:n]
		}
	}
	return nil
}

// mergeInto writes the entries of all the runs, sorted.
func mergeInto(w *runWriter, index *bbolt.Bucket, runs []runInfo) error {
	type source struct {
		c    *bbolt.Cursor
		g    group
		next int // of the group
		head hash
	}
	var sources []*source
	for _, r := range runs {
		run := index.Bucket(r.num)
		if run == nil {
			return damaged("a run of the index is missing")
		}
		s := &source{c: run.Cursor()}
		k, v := s.c.First()
		if k == nil {
			continue
		}
		var err error
		if s.g, err = groupOf(k, v); err != nil {
			return err
		}
		s.head = s.g.hashAt(0)
		sources = append(sources, s)
	}
	for len(sources) > 0 {
		least := 0
		for i, s := range sources {
			if s.head.compare(sources[least].head) < 0 {
				least = i
			}
		}
		s := sources[least]
		w.add(s.g.at(s.next))
		if s.next++; s.next == s.g.len() {
			k, v := s.c.Next()
			if k == nil {
				sources = append(sources[:least], sources[least+1:]...)
				continue
			}
			var err error
			if s.g, err = groupOf(k, v); err != nil {
				return err
			}
			s.next = 0
		}
		s.head = s.g.hashAt(s.next)
	}
	w.flush()
	return nil
}
