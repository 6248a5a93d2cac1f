package powerloss

import "maps"

// pageSize is the grain in which contents are shared between images.
const pageSize = 4096

// content is what a file holds. Pages that are missing are zero; those that are there never change, so that a clone
// shares them.
type content struct {
	size  int64
	pages map[int64]*[pageSize]byte
}

func (c content) clone() content {
	c.pages = maps.Clone(c.pages)
	return c
}

func (c *content) write(offset int64, data []byte) {
	if c.pages == nil {
		c.pages = map[int64]*[pageSize]byte{}
	}
	c.size = max(c.size, offset+int64(len(data)))
	for len(data) > 0 {
		number, from := offset/pageSize, offset%pageSize
		page := new([pageSize]byte)
		if old := c.pages[number]; old != nil {
			*page = *old
		}
		n := copy(page[from:], data)
		c.pages[number] = page
		data, offset = data[n:], offset+int64(n)
	}
}

func (c *content) resize(size int64) {
	for number, page := range c.pages {
		switch from := size - number*pageSize; {
		case from <= 0:
			delete(c.pages, number)
		case from < pageSize:
			cut := *page
			clear(cut[from:])
			c.pages[number] = &cut
		}
	}
	c.size = size
}
