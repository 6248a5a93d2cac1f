package report

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"time"

	"airlift/manifest/entry"
	"airlift/queue"
)

// WriteManifest writes the items of a batch as a manifest in CSV or JSON Lines. Reading it gives the same items.
func WriteManifest(ctx context.Context, w io.Writer, db queue.Reader, batch string, form Format) error {
	b, err := db.Batch(ctx, batch)
	if err != nil {
		return err
	}
	m := &manifestWriter{reporter: &reporter{Options: Options{Form: form}, out: bufio.NewWriter(w)}, index: map[string]int{}}
	err = queue.Entries(ctx, db, batch, queue.Filter{}, func(e *queue.Entry) error {
		m.see(&e.Item)
		return nil
	})
	if err != nil {
		return err
	}
	m.begin(b.Columns)
	if err := queue.Entries(ctx, db, batch, queue.Filter{}, m.write); err != nil {
		return err
	}
	return m.out.Flush()
}

// manifestWriter writes a manifest.
type manifestWriter struct {
	*reporter
	used  [len(manifestColumns)]bool // which of these columns some item needs
	known [len(detailColumns)]bool   // and which of these
	// index says where in values a column of a row stands, and at where a detail stands; -1 for none.
	index  map[string]int
	at     [len(detailColumns)]int
	values []string // of the further columns
	row    []byte
}

// manifestColumns are the columns behind bucket and key, in order. Each is written only if an item has a value there.
var manifestColumns = [...]*ownColumn{&ownColumns[0], &ownColumns[1], {name: nameColumn}, &ownColumns[2], &ownColumns[3], &ownColumns[4], &ownColumns[5]}

// valueOf returns the value of an item in a column.
func (c *ownColumn) valueOf(it *queue.Item) string {
	if c.name == nameColumn {
		return it.Name
	}
	return c.value(&it.Own)
}

// detailColumns are the columns for what is known of the objects.
var detailColumns = [...]struct {
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
	{"audio_channels", func(d *queue.Details) string { return number(d.Channels) }},
}

// see records which columns an item needs.
func (m *manifestWriter) see(it *queue.Item) {
	for i, c := range manifestColumns {
		m.used[i] = m.used[i] || c.valueOf(it) != ""
	}
	for i, c := range detailColumns {
		m.known[i] = m.known[i] || it.Details != nil && c.value(it.Details) != ""
	}
}

// begin writes the header. Each object property has one column, however the sources spell its name and whether it was
// a column there or not, because --changed compares by it.
func (m *manifestWriter) begin(columns []string) {
	names := []string{"bucket", "key"}
	for i, c := range manifestColumns {
		if m.used[i] {
			m.own, names = append(m.own, c), append(names, c.name)
		}
	}
	var further []string
	means := map[string]int{} // by what is read from the column, or by name
	for _, name := range columns {
		meaning := cmp.Or(entry.Describes(name), "column "+name)
		i, have := means[meaning]
		if !have {
			i = len(further)
			further = append(further, entry.SavedName(name))
			means[meaning] = i
		}
		m.index[name] = i
	}
	for i, c := range detailColumns {
		m.at[i] = -1
		if own, have := means[c.name]; have {
			m.at[i] = own
		} else if m.known[i] && !slices.Contains(columns, c.name) {
			m.at[i] = len(further)
			further = append(further, c.name)
		}
	}
	m.values = make([]string, len(further))
	m.header(append(names, further...))
}

// write writes an item.
func (m *manifestWriter) write(e *queue.Entry) error {
	row := m.reporter.row(m.row[:0])
	row.text(e.Bucket)
	if entry.LooksLikeURI(e.Key) { // a bare key would be read as a URI
		row.text("s3://" + e.Bucket + "/" + e.Key)
	} else {
		row.text(e.Key)
	}
	for _, c := range m.own {
		row.own(c, c.valueOf(&e.Item))
	}
	m.fill(&e.Item)
	for _, value := range m.values {
		row.optional(value)
	}
	m.row = row.end()
	_, err := m.out.Write(m.row)
	return err
}

// fill takes the values of the further columns from an item. The row's own columns win.
func (m *manifestWriter) fill(it *queue.Item) {
	clear(m.values)
	for _, f := range it.Extra {
		if i, ok := m.index[f.Name]; ok {
			m.values[i] = f.Value
		}
	}
	if it.Details == nil {
		return
	}
	for i, c := range detailColumns {
		if at := m.at[i]; at >= 0 && m.values[at] == "" {
			m.values[at] = c.value(it.Details)
		}
	}
}
