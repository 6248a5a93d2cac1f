package main

import (
	"strconv"
	"strings"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/preflight"
	"airlift/queue"
	queueplan "airlift/queue/plan"
)

// What a source tells of an object is carried through the queue of a trial in columns that no manifest can have.
const (
	hidden         = "\x00"
	sizeColumn     = hidden + "size"
	etagColumn     = hidden + "etag"
	durationColumn = hidden + "duration"
	channelsColumn = hidden + "audio_channels"
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

// describeMedia adds what the object's container tells, as far as it does: the duration in seconds, the audio channels.
func describeMedia(it *queue.Item, m preflight.Media) {
	if m.Duration > 0 {
		it.Extra = append(it.Extra, queue.Field{Name: durationColumn, Value: strconv.FormatFloat(m.Duration.Seconds(), 'f', 3, 64)})
	}
	if m.Channels > 0 {
		it.Extra = append(it.Extra, queue.Field{Name: channelsColumn, Value: strconv.Itoa(m.Channels)})
	}
}

// unsized stands for a size that no source told.
const unsized = queueplan.Unsized

// object is what is known of the object of an item of a trial.
type object struct {
	size     int64 // unsized if no source told it
	seconds  float64
	channels int
}

// objectOf returns what an item of a trial carries.
func objectOf(it *queue.Item) object {
	o := object{size: unsized}
	for i := len(it.Extra) - 1; i >= 0 && strings.HasPrefix(it.Extra[i].Name, hidden); i-- {
		switch value := it.Extra[i].Value; it.Extra[i].Name {
		case sizeColumn:
			if size, err := strconv.ParseInt(value, 10, 64); err == nil {
				o.size = size
			}
		case durationColumn:
			o.seconds, _ = strconv.ParseFloat(value, 64) // as describeMedia wrote it
		case channelsColumn:
			o.channels, _ = strconv.Atoi(value)
		}
	}
	return o
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
		plain, meaning := name, entry.Describes(name)
		switch name {
		case sizeColumn, etagColumn, durationColumn, channelsColumn:
			plain = strings.TrimPrefix(name, hidden)
			meaning = plain
		}
		if meaning == "" {
			meaning = "column " + name
		}
		i, have := at[meaning]
		if !have {
			i = len(x.names)
			x.names = append(x.names, entry.SavedName(plain))
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
