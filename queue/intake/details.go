package intake

import (
	"strconv"
	"strings"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/preflight"
	"airlift/queue"
)

// What a source tells of an object is carried through the queue of a trial in columns that no manifest can have.
const (
	hidden         = "\x00"
	sizeColumn     = hidden + "size"
	etagColumn     = hidden + "etag"
	durationColumn = hidden + "duration"
	channelsColumn = hidden + "audio_channels"
)

// addDetails adds what a plan wants to know of the object, behind all columns of its row.
func addDetails(it *queue.Item, e *manifest.Entry) {
	if e.Sized {
		it.Extra = append(it.Extra, queue.Field{Name: sizeColumn, Value: strconv.FormatInt(e.Size, 10)})
	}
	if e.ETag != "" {
		it.Extra = append(it.Extra, queue.Field{Name: etagColumn, Value: e.ETag})
	}
}

// addMedia adds what the object's container tells, as far as it does: the duration in seconds, the audio channels.
func addMedia(it *queue.Item, m preflight.Media) {
	if m.Duration > 0 {
		it.Extra = append(it.Extra, queue.Field{Name: durationColumn, Value: strconv.FormatFloat(m.Duration.Seconds(), 'f', 3, 64)})
	}
	if m.Channels > 0 {
		it.Extra = append(it.Extra, queue.Field{Name: channelsColumn, Value: strconv.Itoa(m.Channels)})
	}
}

// Details are what is known of the object of an item.
type Details struct {
	Size     int64 // in bytes; Unsized if no source told it
	Seconds  float64
	Channels int
}

// Unsized stands for a size that no source told.
const Unsized = -1

// DetailsOf returns what an item of a dry run carries.
func DetailsOf(it *queue.Item) Details {
	o := Details{Size: Unsized}
	for i := len(it.Extra) - 1; i >= 0 && strings.HasPrefix(it.Extra[i].Name, hidden); i-- {
		switch value := it.Extra[i].Value; it.Extra[i].Name {
		case sizeColumn:
			if size, err := strconv.ParseInt(value, 10, 64); err == nil {
				o.Size = size
			}
		case durationColumn:
			o.Seconds, _ = strconv.ParseFloat(value, 64) // as addMedia wrote it
		case channelsColumn:
			o.Channels, _ = strconv.Atoi(value)
		}
	}
	return o
}

// Extras are the further columns of a saved manifest. What describes the object stands in one column, however the
// sources spell its name and whether it was a column there or not: a run compares by it with --changed.
type Extras struct {
	Names []string
	index map[string]int // by name in a trial
}

// NewExtras returns the further columns for items whose batch has these.
func NewExtras(columns []string) *Extras {
	x := &Extras{index: map[string]int{}}
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
			i = len(x.Names)
			x.Names = append(x.Names, entry.SavedName(plain))
			at[meaning] = i
		}
		x.index[name] = i
	}
	return x
}

// Fill puts the values of an item where they belong. Its own columns stand before what addDetails has added, and win.
func (x *Extras) Fill(values []string, fields []queue.Field) {
	clear(values)
	for _, f := range fields {
		if i, ok := x.index[f.Name]; ok && (values[i] == "" || !strings.HasPrefix(f.Name, hidden)) {
			values[i] = f.Value
		}
	}
}
