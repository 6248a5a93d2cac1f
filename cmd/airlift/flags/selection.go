package flags

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/manifest/filter"
)

// selectionFlags say which rows and objects of the sources to take.
type selectionFlags struct {
	patterns             filter.Patterns
	types                []string
	allTypes             bool
	minSize, maxSize     string
	newerThan, olderThan string
	take                 []string
	sample               string
	limit                int64
}

// Takeable are the values of --take: what is left out by default.
var Takeable = []string{"folders", "empty", "archived"}

func (o *selectionFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	p := &o.patterns
	f.StringArrayVar(&p.Include, "include", nil, "take only keys that match this pattern, as in rclone; may be given several times")
	f.StringArrayVar(&p.Exclude, "exclude", nil, "leave out keys that match this pattern, unless an --include does; may be given several times")
	f.StringArrayVar(&p.IncludeFrom, "include-from", nil, "a file of patterns to include, one a line (- for standard input); # and ; begin comments")
	f.StringArrayVar(&p.ExcludeFrom, "exclude-from", nil, "a file of patterns to exclude")
	f.StringArrayVar(&p.Filter, "filter", nil, "'- PATTERN' leaves out, '+ PATTERN' takes: the first that matches a key decides; may be given several times")
	f.StringArrayVar(&p.FilterFrom, "filter-from", nil, "a file of such rules, one a line")
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

// filter checks the flags and reports all invalid ones. Ages are counted back from now. Patterns may be read from stdin,
// which is nil if a source is.
func (o *selectionFlags) filter(now time.Time, stdin io.Reader) (chosen *filter.Filter, sample int, err error) {
	var problems []string
	check := func(flag string, err error) {
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", flag, err))
		}
	}
	c := filter.Config{Patterns: o.patterns, Types: o.types, AllTypes: o.allTypes}
	c.Patterns.Stdin = stdin
	if o.minSize != "" {
		c.MinSize, err = filter.ParseSize(o.minSize)
		check("--min-size", err)
	}
	if o.maxSize != "" {
		if c.MaxSize, err = filter.ParseSize(o.maxSize); err == nil && c.MaxSize == 0 {
			err = config.Usagef("%q takes nothing", o.maxSize)
		}
		check("--max-size", err)
	}
	if o.newerThan != "" {
		c.NewerThan, err = filter.ParseMoment(o.newerThan, now)
		check("--newer-than", err)
	}
	if o.olderThan != "" {
		c.OlderThan, err = filter.ParseMoment(o.olderThan, now)
		check("--older-than", err)
	}
	for _, what := range o.take {
		if !slices.Contains(Takeable, what) {
			check("--take", config.Usagef("%q is not left out by default; use %s", what, strings.Join(Takeable, ", ")))
		}
	}
	c.TakeFolders, c.TakeEmpty, c.TakeArchived = slices.Contains(o.take, "folders"), slices.Contains(o.take, "empty"), slices.Contains(o.take, "archived")
	if o.sample != "" {
		c.Sample, err = filter.ParseSample(o.sample)
		check("--sample", err)
	}
	switch {
	case o.limit < 0:
		check("--limit", config.Usagef("%d: use 1 or more", o.limit))
	case o.limit > 0 && c.Sample.Count > 0:
		check("--limit", config.Usagef("--sample %d sets the number already; leave one out", c.Sample.Count))
	}
	if len(problems) > 0 {
		return nil, 0, config.Usagef("%s", strings.Join(problems, "\n"))
	}
	chosen, err = filter.New(c)
	return chosen, c.Sample.Count, err
}
