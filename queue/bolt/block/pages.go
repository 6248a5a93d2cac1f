package block

import (
	"slices"
	"sync"

	"airlift/queue"
)

const (
	// mostKept bounds the memory of a page that is used again: rows of megabytes are rare.
	mostKept = 4 << 20
	// freePages bounds the pages that wait to be used again.
	freePages = 64
)

// Pages makes the pages of one reading, which show the items that a filter takes.
type Pages struct {
	// Want are the states of the items.
	Want    States
	filter  queue.Filter
	explain func(error) error
	free    chan *FilteredPage // released; more than there is room for are left to the collector
}

// NewPages returns the pages of a reading. explain says of an error in which batch it is.
func NewPages(f queue.Filter, explain func(error) error) (*Pages, error) {
	p := &Pages{Want: AllStates, filter: f, explain: explain, free: make(chan *FilteredPage, freePages)}
	if f.State != "" {
		if _, err := queue.ParseState(string(f.State)); err != nil {
			return nil, err
		}
		p.Want = StatesOf(f.State)
	}
	return p, nil
}

// New returns a page, to be filled before it is handed out.
func (p *Pages) New() *FilteredPage {
	select {
	case page := <-p.free:
		return page
	default:
		return &FilteredPage{pages: p}
	}
}

// FilteredPage is a [queue.Page].
type FilteredPage struct {
	Page
	pages *Pages
}

// Entries implements [queue.Page].
func (p *FilteredPage) Entries() ([]queue.Entry, error) {
	if err := p.Decode(p.pages.Want); err != nil {
		return nil, p.pages.explain(err)
	}
	f := p.pages.filter
	if f.Code == "" && f.Key == nil && f.Span == nil {
		return p.Page.Entries, nil
	}
	return slices.DeleteFunc(p.Page.Entries, func(e queue.Entry) bool { return !f.Match(&e) }), nil
}

// Release implements [queue.Page].
func (p *FilteredPage) Release() {
	if p.size() > mostKept {
		return
	}
	select {
	case p.pages.free <- p:
	default:
	}
}

// Cache keeps the most recently decoded blocks, because claims take items in order. Items never change, so it is never
// wrong.
type Cache struct {
	mu     sync.Mutex
	blocks [4][]queue.Item
	next   int
}

// Get returns an item, if its block is there.
func (c *Cache) Get(seq uint64) (queue.Item, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, items := range c.blocks {
		if len(items) > 0 && seq >= items[0].Seq && seq-items[0].Seq < uint64(len(items)) {
			return items[seq-items[0].Seq], true
		}
	}
	return queue.Item{}, false
}

// Put adds the items of a block.
func (c *Cache) Put(items []queue.Item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks[c.next] = items
	c.next = (c.next + 1) % len(c.blocks)
}
