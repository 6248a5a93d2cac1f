package main

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"airlift/worker/air"
	"airlift/worker/service"
)

// gzipped compresses a text.
func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// jobs returns AiR's jobs by the key of their object; an object with two jobs fails the test.
func (r *rig) jobs() map[string]air.Job {
	r.t.Helper()
	byKey := map[string]air.Job{}
	for _, j := range r.air.Jobs() {
		if _, twice := byKey[j.Source.ObjectKey]; twice {
			r.t.Errorf("%q has two jobs", j.Source.ObjectKey)
		}
		byKey[j.Source.ObjectKey] = j
	}
	return byKey
}

// submittedKeys fails the test unless AiR has exactly one job for each of the keys, and no other.
func (r *rig) submittedKeys(want ...string) {
	r.t.Helper()
	var got []string
	for key := range r.jobs() {
		got = append(got, key)
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		r.t.Errorf("keys at AiR: got %q, want %q", got, want)
	}
}

// unsent fails the test if AiR got any POST.
func (r *rig) unsent() {
	r.t.Helper()
	if n := r.air.Posts(); n != 0 {
		r.t.Errorf("AiR got %d POSTs, want none", n)
	}
}

// noQueue fails the test if there is a queue file.
func (r *rig) noQueue() {
	r.t.Helper()
	if _, err := os.Stat(r.queue); err == nil {
		r.t.Errorf("%s was made", r.queue)
	}
}

// files returns the names of the files below the rig's folder, but for those in its cache, with their content.
func (r *rig) files() map[string]string {
	r.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, r.dir+"/")] = string(b)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// summary is how a batch stands.
type summary struct{ service.Status }

// books fails the test unless the row counts of a summary are these and add up.
func (s summary) books(t *testing.T, added, known, duplicates, rejected, skipped int64) {
	t.Helper()
	got := [5]int64{s.Added, s.Known, s.Duplicates, s.Rejected, s.Skipped}
	want := [5]int64{added, known, duplicates, rejected, skipped}
	if got != want {
		t.Errorf("added, known, duplicates, rejected, skipped: got %d, want %d", got, want)
	}
	if sum := s.Added + s.Known + s.Duplicates + s.Rejected + s.Skipped; s.Rows != sum {
		t.Errorf("rows: got %d, but what became of them adds up to %d", s.Rows, sum)
	}
}

// readCSV takes CSV apart byte for byte, as RFC 4180 has it; encoding/csv would alter the carriage returns of keys.
func readCSV(t testing.TB, text string) (records [][]string) {
	t.Helper()
	var record []string
	for text != "" {
		var cell string
		if strings.HasPrefix(text, `"`) {
			end := 1
			for end < len(text) && (text[end] != '"' || strings.HasPrefix(text[end+1:], `"`)) {
				if text[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(text) {
				t.Fatalf("CSV: a quote is never closed: %.100q", text)
			}
			cell, text = strings.ReplaceAll(text[1:end], `""`, `"`), text[end+1:]
		} else {
			end := strings.IndexAny(text, ",\n")
			if end < 0 {
				end = len(text)
			}
			cell, text = text[:end], text[end:]
		}
		record = append(record, cell)
		if strings.HasPrefix(text, ",") {
			text = text[1:]
			continue
		}
		text = strings.TrimPrefix(text, "\n")
		records, record = append(records, record), nil
	}
	return records
}
