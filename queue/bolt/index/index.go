package index

import (
	"context"
	"encoding/binary"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// Config is what an [Index] needs of its batch.
type Config struct {
	// Key keys the hashes.
	Key [16]byte
	// View runs a read transaction. It is called from several goroutines at once.
	View func(ctx context.Context, fn func(Tx) error) error
	// Items returns one or more stored items, from the given one on.
	Items func(ctx context.Context, seq uint64) ([]queue.Item, error)
	// Count returns how many items and objects the batch has.
	Count func() (items, objects int64)
}

// Extent is the stored extent of a batch's index.
type Extent struct {
	// Runs is the number of the next run.
	Runs uint32 `json:"runs"`
	// Indexed is the first item that the runs do not have.
	Indexed uint64 `json:"indexed"`
}

// Index is the index of one batch.
type Index struct {
	config   Config
	memtable atomic.Pointer[memtable] // nil until it is loaded
	hint     atomic.Uint32            // number of the run where the last known rows were found

	loading sync.Mutex
	indexed uint64 // first item that no run has

	filter *filter // nil until it is loaded
}

// New returns the index of a batch with these books.
func New(c Config, b Extent) *Index { return &Index{config: c, indexed: b.Indexed} }

// Match is an object that the index has.
type Match struct {
	hash  hash
	found bool
	Print uint32 // of the row of its first item; see [Row]
	Seq   uint64 // of its first item
}

// Lookup returns the matches of rows, to be given to [Objects].
func (x *Index) Lookup(ctx context.Context, rows []Row) ([]Match, error) {
	todo := make([]Match, 0, len(rows))
	for i := range rows {
		if i == 0 || rows[i].hash != rows[i-1].hash {
			todo = append(todo, Match{hash: rows[i].hash})
		}
	}
	return x.lookup(ctx, todo)
}

// LookupNew is Lookup for rows of which most are new: the filter rules these out. It makes room in the filter for all.
func (x *Index) LookupNew(ctx context.Context, rows []Row) ([]Match, error) {
	if err := x.loadFilter(ctx, int64(len(rows))); err != nil {
		return nil, err
	}
	todo := make([]Match, 0, len(rows)/64)
	for i := range rows {
		if h := rows[i].hash; (i == 0 || h != rows[i-1].hash) && x.filter.has(h.hi, h.lo) {
			todo = append(todo, Match{hash: h})
		}
	}
	return x.lookup(ctx, todo)
}

// Objects yields the rows of each object, in their order in the list of items, and its match; nil if it has none.
func Objects(rows []Row, matches []Match) iter.Seq2[[]Row, *Match] {
	return func(yield func([]Row, *Match) bool) {
		for len(rows) > 0 {
			n := 1
			for n < len(rows) && rows[n].hash == rows[0].hash {
				n++
			}
			var match *Match
			if len(matches) > 0 && matches[0].hash == rows[0].hash {
				match, matches = &matches[0], matches[1:]
			}
			if !yield(rows[:n], match) {
				return
			}
			rows = rows[n:]
		}
	}
}

// lookup looks up objects, sorted by hash, on all cores, and returns those that are found.
func (x *Index) lookup(ctx context.Context, todo []Match) ([]Match, error) {
	m, err := x.load(ctx) // before the transactions: then each entry is in the memtable or in a run that they see
	if err != nil || len(todo) == 0 {
		return nil, err
	}
	const worth = 512 // objects for a goroutine of its own
	size := max(worth, (len(todo)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	parts := slices.Collect(slices.Chunk(todo, size))
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() {
			errs[i] = x.config.View(ctx, func(tx Tx) error { return x.lookupIn(tx, m, part) })
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(todo, func(m Match) bool { return !m.found }), nil
}

// Insert adds the rows of items that are durable now: an item's sequence number is base plus its row's N.
func (x *Index) Insert(base uint64, rows []Row) {
	x.memtable.Store(x.memtable.Load().with(segment{base, rows}))
	if x.filter != nil {
		for i := range rows {
			x.filter.add(rows[i].hash.hi, rows[i].hash.lo)
		}
	}
}

// Forget frees the filter's memory. It is reloaded from the index when needed.
func (x *Index) Forget() { x.filter = nil }

// loadItems is how many items are hashed at once.
const loadItems = 1 << 15

// load returns the memtable, which it first makes from the items that no run has.
func (x *Index) load(ctx context.Context) (*memtable, error) {
	if m := x.memtable.Load(); m != nil {
		return m, nil
	}
	x.loading.Lock()
	defer x.loading.Unlock()
	if m := x.memtable.Load(); m != nil {
		return m, nil
	}
	count, _ := x.config.Count()
	m := &memtable{}
	var items []queue.Item
	for seq := x.indexed; seq < uint64(count); {
		some, err := x.config.Items(ctx, seq)
		if err != nil {
			return nil, err
		}
		seq += uint64(len(some))
		if items = append(items, some...); len(items) >= loadItems || seq >= uint64(count) {
			// Only the first item of each object is in the index.
			rows := slices.DeleteFunc(x.Rows(items), func(r Row) bool { return items[r.N].Version != 0 })
			m = m.with(segment{items[0].Seq, rows})
			items = items[:0]
		}
	}
	x.memtable.Store(m)
	return m, nil
}

// filterGroups is how many values of a run are read into the filter in one transaction.
const filterGroups = 1000

// loadFilter fills the filter from the index if it is not there or has no room for more entries.
func (x *Index) loadFilter(ctx context.Context, more int64) error {
	if x.filter != nil && x.filter.room >= more {
		return nil
	}
	x.filter = nil
	m, err := x.load(ctx)
	if err != nil {
		return err
	}
	_, objects := x.config.Count()
	f := newFilter(max(filterFirst, 2*objects, objects+more), filterEach)
	found := int64(m.len())
	for _, s := range m.segments {
		for i := range s.rows {
			f.add(s.rows[i].hash.hi, s.rows[i].hash.lo)
		}
	}
	var runs []run
	if err := x.config.View(ctx, func(tx Tx) (err error) { runs, err = runsOf(tx); return err }); err != nil {
		return err
	}
	for _, r := range runs {
		n, err := x.filterRun(ctx, f, r)
		if err != nil {
			return err
		}
		found += n
	}
	if found != objects {
		// An object that the index has lost would be added, and get a job, a second time.
		return codec.Damaged("the index has %d of %d objects", found, objects)
	}
	x.filter = f
	return nil
}

// filterRun adds a run to a filter and returns how many entries it has.
func (x *Index) filterRun(ctx context.Context, f *filter, r run) (found int64, err error) {
	for from := make([]byte, hashLen); from != nil; {
		err := x.config.View(ctx, func(tx Tx) error {
			c, err := r.cursor(tx)
			if err != nil {
				return err
			}
			k, v := c.Seek(from)
			for n := 0; k != nil && n < filterGroups; n++ {
				g, err := groupOf(k, v)
				if err != nil {
					return err
				}
				for i := range g.len() {
					h := g.hashAt(i)
					f.add(h.hi, h.lo)
				}
				found += int64(g.len())
				k, v = c.Next()
			}
			from = slices.Clone(k)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return found, nil
}

// Check reads all runs, calls problem with what is wrong, and returns how many objects the index has.
func (x *Index) Check(ctx context.Context, problem func(format string, args ...any)) (objects int64) {
	if m, err := x.load(ctx); err == nil {
		objects = int64(m.len())
	}
	err := x.config.View(ctx, func(tx Tx) error {
		runs, err := runsOf(tx)
		if err != nil {
			return err
		}
		for _, r := range runs {
			objects += r.check(tx, problem)
		}
		return nil
	})
	if err != nil {
		problem("%v", err)
	}
	return objects
}

// check reads one run and returns how many entries it has.
func (r run) check(tx Tx, problem func(format string, args ...any)) (n int64) {
	c, err := r.cursor(tx)
	if err != nil {
		problem("%v", err)
		return 0
	}
	last := hash{}
	for k, v := c.First(); k != nil; k, v = c.Next() {
		g, err := groupOf(k, v)
		if err != nil {
			problem("run %d: %v", binary.BigEndian.Uint32(r.number), err)
			continue
		}
		for i := range g.len() {
			h := g.hashAt(i)
			if n > 0 && h.compare(last) <= 0 {
				problem("run %d of the index is out of order", binary.BigEndian.Uint32(r.number))
			}
			last = h
			n++
		}
	}
	if n != r.entries {
		problem("a run of the index: the books say %d, there are %d", r.entries, n)
	}
	return n
}
