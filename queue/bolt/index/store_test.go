package index

import (
	"context"
	"maps"
	"slices"

	"airlift/queue"
)

// memoryStore is a store of maps, with the items and the books of its batch.
type memoryStore struct {
	runs  memoryBucket
	byNum map[string]memoryBucket
	items []queue.Item
	books Extent
	reads int // of items
}

type memoryBucket map[string][]byte

func newMemoryStore() *memoryStore {
	return &memoryStore{runs: memoryBucket{}, byNum: map[string]memoryBucket{}}
}

// open returns the index as another process would.
func (s *memoryStore) open() *Index {
	return New(Config{
		Key:  [16]byte{1, 2, 3},
		View: func(_ context.Context, fn func(Tx) error) error { return fn(s) },
		Items: func(_ context.Context, seq uint64) ([]queue.Item, error) {
			s.reads++
			return s.items[seq:min(seq+100, uint64(len(s.items)))], nil
		},
		Count: func() (items, objects int64) {
			for i := range s.items {
				if s.items[i].Version == 0 {
					objects++
				}
			}
			return int64(len(s.items)), objects
		},
	}, s.books)
}

// store stores a change, if there is one.
func (s *memoryStore) store(c *Change) error {
	if c == nil {
		return nil
	}
	done, err := c.Store(s, &s.books, int64(len(s.items)))
	if err == nil {
		done()
	}
	return err
}

func (s *memoryStore) Runs() Bucket { return s.runs }

func (s *memoryStore) Run(number []byte) Bucket {
	if b, ok := s.byNum[string(number)]; ok {
		return b
	}
	return nil
}

func (s *memoryStore) CreateRun(number []byte) (Bucket, error) {
	b := memoryBucket{}
	s.byNum[string(number)] = b
	return b, nil
}

func (s *memoryStore) DeleteRun(number []byte) error {
	delete(s.byNum, string(number))
	return nil
}

func (b memoryBucket) Put(key, value []byte) error {
	b[string(key)] = slices.Clone(value)
	return nil
}

func (b memoryBucket) Delete(key []byte) error {
	delete(b, string(key))
	return nil
}

func (b memoryBucket) Cursor() Cursor {
	return &memoryCursor{b: b, keys: slices.Sorted(maps.Keys(b))}
}

type memoryCursor struct {
	b    memoryBucket
	keys []string
	at   int
}

func (c *memoryCursor) move(at int) (key, value []byte) {
	if c.at = at; at < 0 || at >= len(c.keys) {
		return nil, nil
	}
	return []byte(c.keys[at]), c.b[c.keys[at]]
}

func (c *memoryCursor) First() (key, value []byte) { return c.move(0) }
func (c *memoryCursor) Last() (key, value []byte)  { return c.move(len(c.keys) - 1) }
func (c *memoryCursor) Next() (key, value []byte)  { return c.move(c.at + 1) }
func (c *memoryCursor) Prev() (key, value []byte)  { return c.move(c.at - 1) }

func (c *memoryCursor) Seek(key []byte) (k, value []byte) {
	at, _ := slices.BinarySearch(c.keys, string(key))
	return c.move(at)
}
