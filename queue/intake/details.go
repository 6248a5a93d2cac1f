package intake

import (
	"context"
	"strconv"
	"time"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/preflight"
	"airlift/queue"
)

// addDetails keeps with an item what its source says of the object.
func addDetails(it *queue.Item, e *manifest.Entry) {
	if e.Sized || e.ETag != "" {
		it.Details = &queue.Details{Size: queue.UnknownSize, ETag: e.ETag}
	}
	if e.Sized {
		it.Details.Size = e.Size
	}
}

// addMedia keeps with an item what the object's container says, as far as it does.
func addMedia(it *queue.Item, m preflight.Media) {
	if m.Duration <= 0 && m.Channels <= 0 {
		return
	}
	if it.Details == nil {
		it.Details = &queue.Details{Size: queue.UnknownSize}
	}
	it.Details.Duration, it.Details.Channels = m.Duration.Round(time.Millisecond), m.Channels
}

// details are the columns in which a saved manifest has the details.
var details = [...]struct {
	name  string
	value func(*queue.Details) string // "" if it is not known
}{
	{"size", func(d *queue.Details) string {
		if d.Size == queue.UnknownSize {
			return ""
		}
		return strconv.FormatInt(d.Size, 10)
	}},
	{"etag", func(d *queue.Details) string { return d.ETag }},
	{"duration", func(d *queue.Details) string {
		if d.Duration < time.Millisecond {
			return ""
		}
		return strconv.FormatFloat(d.Duration.Seconds(), 'f', 3, 64)
	}},
	{"audio_channels", func(d *queue.Details) string {
		if d.Channels <= 0 {
			return ""
		}
		return strconv.Itoa(d.Channels)
	}},
}

// Extras are the further columns of a saved manifest. What describes the object has one column, however the sources spell
// its name and whether it was a column there or not: a run compares by it with --changed.
type Extras struct {
	Names   []string
	index   map[string]int    // of the rows' own columns, by name
	details [len(details)]int // of what is known of the objects; -1 for none
}

// Extras returns the further columns for the items of a dry run.
func (d *DryRun) Extras(ctx context.Context, batch string) (*Extras, error) {
	b, err := d.Scratch.Batch(ctx, batch)
	if err != nil {
		return nil, err
	}
	x := &Extras{index: map[string]int{}}
	at := map[string]int{} // by what is read from the column, or by name
	for _, name := range b.Columns {
		meaning := entry.Describes(name)
		if meaning == "" {
			meaning = "column " + name
		}
		i, have := at[meaning]
		if !have {
			i = len(x.Names)
			x.Names = append(x.Names, entry.SavedName(name))
			at[meaning] = i
		}
		x.index[name] = i
	}
	var known [len(details)]bool
	err = queue.Entries(ctx, d.Scratch, batch, queue.Filter{}, func(e *queue.Entry) error {
		for i, column := range details {
			known[i] = known[i] || e.Details != nil && column.value(e.Details) != ""
		}
		return nil
	})
	for i, column := range details {
		x.details[i] = -1
		if own, have := at[column.name]; have {
			x.details[i] = own
		} else if _, taken := at["column "+column.name]; known[i] && !taken {
			x.details[i] = len(x.Names)
			x.Names = append(x.Names, column.name)
		}
	}
	return x, err
}

// Fill puts the values of an item where they belong. The row's own columns win.
func (x *Extras) Fill(values []string, it *queue.Item) {
	clear(values)
	for _, f := range it.Extra {
		if i, ok := x.index[f.Name]; ok {
			values[i] = f.Value
		}
	}
	if it.Details == nil {
		return
	}
	for i, column := range details {
		if at := x.details[i]; at >= 0 && values[at] == "" {
			values[at] = column.value(it.Details)
		}
	}
}
