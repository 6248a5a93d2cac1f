package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"airlift/manifest"
	"airlift/manifest/csv"
	"airlift/manifest/entry"
)

// formatFlags say how manifests are written.
type formatFlags struct {
	format    string
	delimiter string
	columns   string
}

func (s *formatFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.format, "format", "", "how the manifest is written: csv, jsonl, text, s3-inventory, or s3-batch (never guessed: the CSV of S3 Batch Operations, whose keys are URL-encoded); default: by its name, else by its content")
	f.StringVar(&s.delimiter, "delimiter", "", "what parts the columns of a CSV: one character, or tab (default: the header tells comma, semicolon or tab)")
	f.StringVar(&s.columns, "columns", "", "which column of a CSV is what: bucket=2,key=3 without a header, key=File Path,bucket=Volume by its names; fields of JSON Lines by name")
}

// set puts the flags into the options.
func (s *formatFlags) set(o *manifest.Options) (err error) {
	if o.Format, err = manifest.ParseFormat(s.format); err != nil {
		return usagef("--format: %v", err)
	}
	if o.Delimiter, err = csv.ParseDelimiter(s.delimiter); err != nil {
		return usagef("--delimiter: %v", err)
	}
	if o.Columns, err = entry.ParseColumns(s.columns); err != nil {
		return usagef("--columns: %v", err)
	}
	return nil
}

// recogniseAll finds the files whose format neither a flag nor the name tells, nor the content for certain: a setting is
// missing, and that is to be said before anything is read, stored or sent.
func recogniseAll(ctx context.Context, s sources) error {
	options := s.options
	options.Warn = nil // it is told when the source is read
	for _, src := range s.list {
		if src.Kind != manifest.KindFile || src.Format != "" || !isRegular(src.Arg) {
			continue
		}
		r, err := manifest.Open(ctx, src.Arg, options)
		if err == nil {
			err = r.Close()
		}
		if errors.Is(err, manifest.ErrUsage) {
			return err
		}
	}
	return nil // all else shows when they are read
}

// isRegular reports whether what is read of a file can be read once more.
func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
