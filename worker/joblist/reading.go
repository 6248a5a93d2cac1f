package joblist

import (
	"context"
	"fmt"
	"hash/fnv"

	"airlift/worker/air"
)

// errUnstable: no two passes over a list by name agree, so jobs that it did not show may exist.
var errRestless = fmt.Errorf("AiR's list of jobs of this name changed in each of %d readings, so nothing is concluded from it", maxPasses)

// pass is the summary of one pass over a list.
type pass struct {
	whole bool   // it ended with an empty page
	moved bool   // a job was shown twice
	jobs  int    // how many were shown
	sum   uint64 // of the hashes of their ids, in any order
}

// add counts the jobs of a page.
func (r *pass) add(p page) {
	r.moved = r.moved || p.twice || len(p.fresh) < len(p.jobs)
	r.jobs += len(p.fresh)
	for _, j := range p.fresh {
		h := fnv.New64a()
		_, _ = h.Write([]byte(j.ID))
		r.sum += h.Sum64()
	}
}

// readNamed calls fn for each page of a list by name, until fn stops it or the end is proven. Names from a
// manifest may be shared by many jobs. A single page is consistent; several pages are read in both orders until two passes
// in a row show the same jobs and neither shows one twice. A job can be given more than once.
func readNamed(ctx context.Context, list Lister, q air.ListQuery, fn func(page) (end bool, err error)) error {
	var before pass
	for n := 1; n <= maxPasses; n++ {
		q.Descending = n%2 == 0
		all := pages{list: list, query: q, most: maxLookupPages}
		var now pass
		for !now.whole {
			got, err := all.next(ctx)
			if err != nil {
				return err
			}
			if now.whole = got.end(); now.whole {
				break
			}
			now.add(got)
			if end, err := fn(got); err != nil || end {
				return err
			}
		}
		if all.number <= 2 || n > 1 && !now.moved && now == before {
			return nil
		}
		before = now
	}
	return errRestless
}
