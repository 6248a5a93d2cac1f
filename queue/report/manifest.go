package report

import (
	"bufio"
	"io"

	"airlift/manifest/entry"
	"airlift/queue"
)

// Manifest writes items as a manifest from which the same items are read again.
type Manifest struct {
	form Form
	used [len(manifestColumns)]bool // which of the columns some item needs
}

// NewManifest returns a manifest in CSV or JSON Lines.
func NewManifest(form Form) *Manifest { return &Manifest{form: form} }

// manifestColumns are the columns behind bucket and key, in order. Each is written only if an item has a value there.
var manifestColumns = [...]*ownColumn{&ownColumns[0], &ownColumns[1], {name: nameColumn}, &ownColumns[2], &ownColumns[3], &ownColumns[4], &ownColumns[5]}

// valueOf returns the value of an item in a column.
func (c *ownColumn) valueOf(it *queue.Item) string {
	if c.name == nameColumn {
		return it.Name
	}
	return c.value(&it.Own)
}

// See notes which columns an item needs. All items must be seen before the first is written.
func (m *Manifest) See(it *queue.Item) {
	for i, c := range manifestColumns {
		m.used[i] = m.used[i] || c.valueOf(it) != ""
	}
}

// Write writes the items that each passes to its argument, with the values of the further columns.
func (m *Manifest) Write(w io.Writer, further []string, each func(write func(it *queue.Item, values []string) error) error) error {
	r := &reporter{Options: Options{Form: m.form}, out: bufio.NewWriter(w)}
	names := []string{"bucket", "key"}
	for i, c := range manifestColumns {
		if m.used[i] {
			r.own, names = append(r.own, c), append(names, c.name)
		}
	}
	r.header(append(names, further...))
	var b []byte
	err := each(func(it *queue.Item, values []string) error {
		row := r.row(b[:0])
		row.text(it.Bucket)
		if entry.LooksLikeURI(it.Key) { // it would be taken for one
			row.text("s3://" + it.Bucket + "/" + it.Key)
		} else {
			row.text(it.Key)
		}
		for _, c := range r.own {
			row.own(c, c.valueOf(it))
		}
		for _, value := range values {
			row.optional(value)
		}
		b = row.end()
		_, err := r.out.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	return r.out.Flush()
}
