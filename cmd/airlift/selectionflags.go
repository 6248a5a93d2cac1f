package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"airlift/manifest"
)

// selectionFlags say which rows and objects of the sources to take.
type selectionFlags struct {
	include, exclude         []string
	includeFrom, excludeFrom []string
	types                    []string
	allTypes                 bool
	minSize, maxSize         string
	newerThan, olderThan     string
	take                     []string
	sample                   string
	limit                    int64
}

// takeable is what --take names: left out unless asked for.
var takeable = []string{"folders", "empty", "archived"}

func (o *selectionFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.include, "include", nil, "take only keys that match this glob; may be given several times")
	f.StringArrayVar(&o.exclude, "exclude", nil, "leave out keys that match this glob; may be given several times")
	f.StringArrayVar(&o.includeFrom, "include-from", nil, "a file of globs to include, one a line; # and ; begin comments")
	f.StringArrayVar(&o.excludeFrom, "exclude-from", nil, "a file of globs to exclude")
	f.StringSliceVar(&o.types, "types", nil, "take only these types: video, audio, image, document, or extensions; of manifests too")
	f.BoolVar(&o.allTypes, "all-types", false, "let a scan take every object, not only the types that AiR reads")
	f.StringVar(&o.minSize, "min-size", "", "the smallest object to take: 500B, 10K, 5M, 1.5G (powers of 1024; as in rclone a bare number is KiB)")
	f.StringVar(&o.maxSize, "max-size", "", "the largest object to take")
	f.StringVar(&o.newerThan, "newer-than", "", "take what was last modified since: 36h, 7d, 2w, 3M, 1y ago, or a date (UTC unless it has a zone)")
	f.StringVar(&o.olderThan, "older-than", "", "take what was last modified before that")
	f.StringSliceVar(&o.take, "take", nil, "take what is left out by default, where the source tells it: folders (markers), empty (zero bytes), archived (storage classes)")
	f.StringVar(&o.sample, "sample", "", "take a part, always the same: P% of the objects, or N spread over all of them (read to the end first)")
	f.Int64Var(&o.limit, "limit", 0, "take the first N rows that pass the filters, known ones too, and read no further (default: all)")
}

// choice is what is taken of all sources together, of the rows that pass the filter.
type choice struct {
	sample int   // that many, spread over all; 0: all
	limit  int64 // the first so many; 0: all
}

// filter checks the flags and reports everything that makes no sense. The ages are counted back from now.
func (o *selectionFlags) filter(now time.Time) (*manifest.Filter, choice, error) {
	var problems []string
	check := func(flag string, err error) {
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", flag, err))
		}
	}
	c := manifest.FilterConfig{Types: o.types, AllTypes: o.allTypes}
	var err error
	c.Include, err = withPatterns(o.include, o.includeFrom)
	check("--include-from", err)
	c.Exclude, err = withPatterns(o.exclude, o.excludeFrom)
	check("--exclude-from", err)
	if o.minSize != "" {
		c.MinSize, err = manifest.ParseSize(o.minSize)
		check("--min-size", err)
	}
	if o.maxSize != "" {
		if c.MaxSize, err = manifest.ParseSize(o.maxSize); err == nil && c.MaxSize == 0 {
			err = usagef("%q takes nothing", o.maxSize)
		}
		check("--max-size", err)
	}
	if o.newerThan != "" {
		c.NewerThan, err = manifest.ParseMoment(o.newerThan, now)
		check("--newer-than", err)
	}
	if o.olderThan != "" {
		c.OlderThan, err = manifest.ParseMoment(o.olderThan, now)
		check("--older-than", err)
	}
	for _, what := range o.take {
		if !slices.Contains(takeable, what) {
			check("--take", usagef("%q is not left out by default; use %s", what, strings.Join(takeable, ", ")))
		}
	}
	c.TakeFolders, c.TakeEmpty, c.TakeArchived = slices.Contains(o.take, "folders"), slices.Contains(o.take, "empty"), slices.Contains(o.take, "archived")
	if o.sample != "" {
		c.Sample, err = manifest.ParseSample(o.sample)
		check("--sample", err)
	}
	switch {
	case o.limit < 0:
		check("--limit", usagef("%d is no number of rows", o.limit))
	case o.limit > 0 && c.Sample.Count > 0:
		check("--limit", usagef("--sample %d sets the number already; leave one out", c.Sample.Count))
	}
	if len(problems) > 0 {
		return nil, choice{}, usagef("%s", strings.Join(problems, "\n"))
	}
	filter, err := manifest.NewFilter(c)
	return filter, choice{sample: c.Sample.Count, limit: o.limit}, err
}

// withPatterns adds the patterns of the files to those given.
func withPatterns(given, files []string) ([]string, error) {
	all := slices.Clone(given)
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		patterns, err := manifest.ReadPatterns(path, f)
		_ = f.Close() // it was only read
		if err != nil {
			return nil, err
		}
		all = append(all, patterns...)
	}
	return all, nil
}
