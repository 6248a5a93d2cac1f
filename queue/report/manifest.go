package report

import (
	"bufio"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
	"airlift/queue"
)

// Manifest writes items as a manifest from which the same items are read again.
type Manifest struct {
	json bool
	used [len(ownColumns) + 1]bool // which columns of manifestColumns some item needs
}

// NewManifest returns a manifest in CSV or JSON Lines.
func NewManifest(form Form) *Manifest { return &Manifest{json: form == JSONL} }

// manifestColumns are the columns behind bucket and key, in order. Each is written only if an item has a value there.
var manifestColumns = func() (all [len(ownColumns) + 1]ownColumn) {
	const source = 2 // region and endpoint stand before the name
	copy(all[:], ownColumns[:source])
	all[source] = ownColumn{name: nameColumn}
	copy(all[source+1:], ownColumns[source:])
	return all
}()

// valueOf returns the value of an item in a column.
func (c *ownColumn) valueOf(it *queue.Item) string {
	if c.value == nil {
		return it.Name
	}
	return c.value(&it.Own)
}

// See notes which columns an item needs. All items are to be seen before the first is written.
func (m *Manifest) See(it *queue.Item) {
	for i := range manifestColumns {
		m.used[i] = m.used[i] || manifestColumns[i].valueOf(it) != ""
	}
}

// Write writes the items that each passes to its argument, with the values of the further columns.
func (m *Manifest) Write(w io.Writer, further []string, each func(write func(it *queue.Item, values []string) error) error) error {
	out := bufio.NewWriter(w)
	write := func(it *queue.Item, values []string) error {
		m.writeRow(out, it, values)
		return nil
	}
	if m.json {
		enc := jsontext.NewEncoder(out)
		write = func(it *queue.Item, values []string) error { return writeObject(enc, it, further, values) }
	} else {
		names := []string{"bucket", "key"}
		for i, c := range manifestColumns {
			if m.used[i] {
				names = append(names, c.name)
			}
		}
		csv.WriteRecord(out, append(names, further...))
	}
	if err := each(write); err != nil {
		return err
	}
	return out.Flush()
}

// writeRow writes an item as a row of CSV. Errors stay in the writer.
func (m *Manifest) writeRow(w *bufio.Writer, it *queue.Item, values []string) {
	cells := []string{it.Bucket, keyCell(it)}
	for i := range manifestColumns {
		if m.used[i] {
			cells = append(cells, manifestColumns[i].valueOf(it))
		}
	}
	csv.WriteRecord(w, append(cells, values...))
}

// keyCell writes a key so that it is read as it is: one that begins like a URL would be taken for one.
func keyCell(it *queue.Item) string {
	if entry.LooksLikeURI(it.Key) {
		return "s3://" + it.Bucket + "/" + it.Key
	}
	return it.Key
}

// writeObject writes an item as a line of JSON, without what is empty.
func writeObject(enc *jsontext.Encoder, it *queue.Item, names, values []string) error {
	tokens := []jsontext.Token{jsontext.BeginObject}
	put := func(name, value string) {
		if value != "" {
			tokens = append(tokens, jsontext.String(name), jsontext.String(value))
		}
	}
	put("bucket", it.Bucket)
	put("key", keyCell(it))
	for i := range manifestColumns {
		if c := &manifestColumns[i]; !c.json {
			put(c.name, c.valueOf(it))
		}
	}
	if p := it.Own.Priority; p != 0 {
		tokens = append(tokens, jsontext.String("priority"), jsontext.Int(int64(p)))
	}
	for i, name := range names {
		put(name, values[i])
	}
	if len(it.Own.Services) > 0 {
		tokens = append(tokens, jsontext.String("services"))
	}
	for _, t := range tokens {
		if err := enc.WriteToken(t); err != nil {
			return err
		}
	}
	if len(it.Own.Services) > 0 {
		if err := enc.WriteValue(jsontext.Value(it.Own.Services)); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}
