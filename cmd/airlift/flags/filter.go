package flags

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/manifest/filter"
	"airlift/queue"
	"airlift/worker/service"
)

// Filter chooses items of a batch.
type Filter struct {
	State, Code string
	keys        []string
	reading     string
	// DryRun is --dry-run.
	DryRun bool
	expect int64
}

// Add adds the flags that items, retry and cancel share.
func (f *Filter) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.Code, "code", "", "only items whose last error has this code")
	cmd.Flags().StringArrayVar(&f.keys, "key", nil, "only items whose key matches this pattern, which means the same as with --include; may be given several times")
	cmd.Flags().StringVar(&f.reading, "reading", "", "only items that this reading of the sources added: a number, or last")
}

// AddBulk adds the flags of the commands that change items.
func (f *Filter) AddBulk(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.DryRun, "dry-run", false, "say how many items it is, and change nothing")
	cmd.Flags().Int64Var(&f.expect, "expect", 0, "change nothing unless it is exactly so many items (exit 2)")
}

// Expect returns --expect; nil if it is not given.
func (f *Filter) Expect(cmd *cobra.Command) *int64 {
	if !cmd.Flags().Changed("expect") {
		return nil
	}
	return &f.expect
}

// Selection checks the flags.
func (f *Filter) Selection(batch string) (service.Selection, error) {
	out := service.Selection{Batch: batch, Keys: f.keys, Reading: f.reading, Filter: queue.Filter{Code: f.Code}}
	var err error
	if f.State != "" {
		if out.State, err = queue.ParseState(f.State); err != nil {
			return out, config.Usagef("--state: %v", err)
		}
	}
	if len(f.keys) > 0 {
		_, err = filter.Keys("--key", f.keys)
	}
	return out, err
}

// Any reports whether they leave anything out, beside --state.
func (f *Filter) Any() bool { return f.Code != "" || len(f.keys) > 0 || f.reading != "" }

// String returns the flags as they were given.
func (f *Filter) String() string {
	var all []string
	add := func(name, value string) {
		if value != "" {
			all = append(all, name+" "+value)
		}
	}
	add("--state", f.State)
	add("--code", f.Code)
	for _, key := range f.keys {
		add("--key", fmt.Sprintf("%q", key))
	}
	add("--reading", f.reading)
	return strings.Join(all, " ")
}
