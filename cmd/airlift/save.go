package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"airlift/queue/intake"
	"airlift/queue/plan"
	"airlift/queue/report"
)

// saveForm checks --save, and returns how the manifest is written.
func saveForm(path string) (report.Format, error) {
	form := report.CSV
	if path == "" {
		return form, nil
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
	case ".jsonl", ".ndjson":
		form = report.JSONL
	default:
		return form, usagef("--save %s: the name must end in .csv, .jsonl or .ndjson", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return form, usagef("--save %s: there is no folder %s", path, filepath.Dir(path))
	}
	return form, nil
}

// savePlan writes the new items of a plan as a manifest. There is a whole file afterwards, or the one that was there
// before.
func savePlan(ctx context.Context, path string, form report.Format, p *plan.Plan, d *intake.DryRun) error {
	err := replaceFile(ctx, path, func(w io.Writer) error { return report.WriteManifest(ctx, w, d.Scratch, p.Batch, form) })
	if err == nil {
		p.Saved = path
	}
	return err
}

// unsaved adds to the error of a reading that its new items were not saved.
func unsaved(err error) error {
	if end, is := errors.AsType[*codeError](err); is {
		end.text = strings.TrimPrefix(end.text+"\nnothing was saved: the sources were not read to their end or, with --strict, have bad rows", "\n")
	}
	return err
}
