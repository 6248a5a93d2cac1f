package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest"
	"airlift/queue"
)

// savedColumns are the recognised columns of a saved manifest; all but the first two only if an item has a value there.
var savedColumns = [...]struct {
	name  string
	value func(*queue.Item) string
}{
	{"bucket", func(it *queue.Item) string { return it.Bucket }},
	{"key", func(it *queue.Item) string { return it.Key }},
	{"region", func(it *queue.Item) string { return it.Own.SourceRegion }},
	{"endpoint", func(it *queue.Item) string { return it.Own.SourceEndpoint }},
	{"name", func(it *queue.Item) string { return it.Name }},
	{"priority", func(it *queue.Item) string { return number(it.Own.Priority) }},
	{"services", func(it *queue.Item) string { return string(it.Own.Services) }},
	{"destination_bucket", func(it *queue.Item) string { return it.Own.DestinationBucket }},
	{"destination_region", func(it *queue.Item) string { return it.Own.DestinationRegion }},
}

// saver writes items as a manifest from which the same items are read again.
type saver struct {
	path string
	json bool
	used [len(savedColumns)]bool
}

// newSaver checks --save; nil without it.
func newSaver(path string) (*saver, error) {
	if path == "" {
		return nil, nil
	}
	s := &saver{path: path}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
	case ".jsonl", ".ndjson":
		s.json = true
	default:
		return nil, usagef("--save %s: the name must end in .csv, .jsonl or .ndjson", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, usagef("--save %s: there is no folder %s", path, filepath.Dir(path))
	}
	return s, nil
}

// sees notes which columns an item needs.
func (s *saver) sees(it *queue.Item) {
	for i, c := range savedColumns {
		s.used[i] = s.used[i] || i < 2 || c.value(it) != ""
	}
}

// write writes the items of a trial that are new. There is a whole file afterwards, or the one that was there before.
func (s *saver) write(ctx context.Context, trial store, batch string, found *survey) error {
	b, err := trial.Batch(ctx, batch)
	if err != nil {
		return err
	}
	s.used[0], s.used[1] = true, true // if there is no item at all
	var columns []string
	for i, c := range savedColumns {
		if s.used[i] {
			columns = append(columns, c.name)
		}
	}
	extras := newExtras(b.Columns)
	return replaceFile(ctx, s.path, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		row := s.csvRow
		enc := jsontext.NewEncoder(out)
		if s.json {
			row = func(_ *bufio.Writer, it *queue.Item, extra []string) error {
				return writeObject(enc, it, extras.names, extra)
			}
		} else {
			manifest.WriteCSVRecord(out, append(columns, extras.names...))
		}
		values := make([]string, len(extras.names))
		err := trial.Entries(ctx, batch, queue.Filter{}, func(e *queue.Entry) error {
			if found.known.has(e.Seq) {
				return nil
			}
			extras.fill(values, e.Extra)
			return row(out, &e.Item, values)
		})
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

// csvRow writes an item as a row of CSV. Errors stay in the writer.
func (s *saver) csvRow(w *bufio.Writer, it *queue.Item, extra []string) error {
	cells := make([]string, 0, len(savedColumns)+len(extra))
	for i, c := range savedColumns {
		if s.used[i] {
			cells = append(cells, c.value(it))
		}
	}
	cells[1] = keyCell(it)
	manifest.WriteCSVRecord(w, append(cells, extra...))
	return nil
}

// keyCell writes a key so that it is read as it is: one that begins like a URL would be taken for one.
func keyCell(it *queue.Item) string {
	if manifest.LooksLikeURI(it.Key) {
		return "s3://" + it.Bucket + "/" + it.Key
	}
	return it.Key
}

// writeObject writes an item as a line of JSON, without what is empty.
func writeObject(enc *jsontext.Encoder, it *queue.Item, names, extra []string) error {
	tokens := []jsontext.Token{jsontext.BeginObject}
	for _, c := range savedColumns {
		value := c.value(it)
		if value == "" || c.name == "services" || c.name == "priority" {
			continue
		}
		if c.name == "key" {
			value = keyCell(it)
		}
		tokens = append(tokens, jsontext.String(c.name), jsontext.String(value))
	}
	if p := it.Own.Priority; p != 0 {
		tokens = append(tokens, jsontext.String("priority"), jsontext.Int(int64(p)))
	}
	for i, name := range names {
		if extra[i] != "" {
			tokens = append(tokens, jsontext.String(name), jsontext.String(extra[i]))
		}
	}
	for _, t := range tokens {
		if err := enc.WriteToken(t); err != nil {
			return err
		}
	}
	if len(it.Own.Services) > 0 {
		if err := enc.WriteToken(jsontext.String("services")); err != nil {
			return err
		}
		if err := enc.WriteValue(jsontext.Value(it.Own.Services)); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}
