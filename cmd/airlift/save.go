package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/report"
)

// saver writes the new items of a plan as a manifest.
type saver struct {
	path string
	*report.Manifest
}

// newSaver returns a saver for --save, or nil without it.
func newSaver(path string) (*saver, error) {
	if path == "" {
		return nil, nil
	}
	form := report.CSV
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
	case ".jsonl", ".ndjson":
		form = report.JSONL
	default:
		return nil, usagef("--save %s: the name must end in .csv, .jsonl or .ndjson", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, usagef("--save %s: there is no folder %s", path, filepath.Dir(path))
	}
	return &saver{path, report.NewManifest(form)}, nil
}

// Save writes the new items of a dry run. After an error the file is as it was before.
func (s *saver) Save(ctx context.Context, batch string, d *intake.DryRun) (string, error) {
	extras, err := d.Extras(ctx, batch)
	if err != nil {
		return "", err
	}
	values := make([]string, len(extras.Names))
	return s.path, replaceFile(ctx, s.path, func(w io.Writer) error {
		return s.Write(w, extras.Names, func(write func(*queue.Item, []string) error) error {
			return queue.Entries(ctx, d.Scratch, batch, queue.Filter{}, func(e *queue.Entry) error {
				extras.Fill(values, &e.Item)
				return write(&e.Item, values)
			})
		})
	})
}
