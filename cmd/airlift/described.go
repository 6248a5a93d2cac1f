package main

import (
	"strconv"
	"strings"

	"airlift/manifest"
	"airlift/queue"
)

// What a source tells of an object is carried through the queue of a trial in columns that no manifest can have.
const (
	hidden     = "\x00"
	sizeColumn = hidden + "size"
	etagColumn = hidden + "etag"
)

// describe adds what a plan wants to know of the object, behind all columns of its row.
func describe(it *queue.Item, e *manifest.Entry) {
	if e.Sized {
		it.Extra = append(it.Extra, queue.Field{Name: sizeColumn, Value: strconv.FormatInt(e.Size, 10)})
	}
	if e.ETag != "" {
		it.Extra = append(it.Extra, queue.Field{Name: etagColumn, Value: e.ETag})
	}
}

// sizeOf returns the size that an item of a trial carries, unsized if it carries none.
func sizeOf(it *queue.Item) int64 {
	for i := len(it.Extra) - 1; i >= 0 && strings.HasPrefix(it.Extra[i].Name, hidden); i-- {
		if it.Extra[i].Name == sizeColumn {
			if size, err := strconv.ParseInt(it.Extra[i].Value, 10, 64); err == nil {
				return size
			}
		}
	}
	return unsized
}

// extras are the further columns of a saved manifest. What describes the object stands in one column, however the
// sources spell its name and whether it was a column there or not: a run compares by it with --changed.
type extras struct {
	names []string
	index map[string]int // by name in a trial
}

func newExtras(columns []string) *extras {
	x := &extras{index: map[string]int{}}
	at := map[string]int{} // by what is read from the column
	for _, name := range columns {
		plain, meaning := name, manifest.Describes(name)
		switch name {
		case sizeColumn, etagColumn:
			plain = strings.TrimPrefix(name, hidden)
			meaning = plain
		}
		if meaning == "" {
			meaning = "column " + name
		}
		i, have := at[meaning]
		if !have {
			i = len(x.names)
			x.names = append(x.names, plain)
			at[meaning] = i
		}
		x.index[name] = i
	}
	return x
}

// fill puts the values of an item where they belong. Its own columns stand before what describe has added, and win.
func (x *extras) fill(values []string, fields []queue.Field) {
	clear(values)
	for _, f := range fields {
		if i, ok := x.index[f.Name]; ok && (values[i] == "" || !strings.HasPrefix(f.Name, hidden)) {
			values[i] = f.Value
		}
	}
}
