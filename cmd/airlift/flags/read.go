package flags

import (
	"context"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/queue/intake"
)

// Read has the flags of the commands that read sources into a batch.
type Read struct {
	job     Job
	source  sourceFlags
	changed bool
	trust   bool
	since   []string
	Replace bool
}

// Batch returns --batch.
func (o *Read) Batch() string { return o.source.batch }

// SetBatch sets --batch.
func (o *Read) SetBatch(id string) { o.source.batch = id }

// Add adds the flags.
func (o *Read) Add(cmd *cobra.Command) {
	o.job.Add(cmd)
	o.source.add(cmd)
	cmd.Flags().StringArrayVar(&o.since, "since-batch", nil, "leave out objects that this other batch of the queue has submitted; may be given several times")
}

// AddChanged adds the flags of the commands that read the same sources again and again.
func (o *Read) AddChanged(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.changed, "changed", false, "submit objects once more whose ETag or size changed since they were submitted")
	f.BoolVar(&o.trust, "trust-changes", false, "with --changed: submit them even if most of the first 1,000 objects changed")
	o.source.addPreflight(cmd)
}

// AddReplace adds --replace.
func (o *Read) AddReplace(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.Replace, "replace", false, "cancel items of earlier readings that these sources do not have, except those that AiR has accepted; they are read to their end first")
}

// Options returns how the flags say that the sources are read, and names what is missing.
func (o *Read) Options(ctx context.Context, c *Context, args []string, profile string, m *Missing) (intake.Options, error) {
	out := intake.Options{Batch: o.source.batch, Changed: o.changed, TrustChanges: o.trust, Since: o.since, Replace: o.Replace, Strict: o.source.strict, Services: c.Services, Log: c.Log}
	err := o.checkWhole()
	if err == nil {
		out.Settings, err = o.job.Settings(c)
	}
	if err == nil {
		out.Sources, err = o.source.parse(ctx, c, args, &o.job, profile, m)
	}
	return out, err
}

// ReadFirst says why the sources are read to their end before anything is sent; empty: they are not.
func (o *Read) ReadFirst(t *intake.Intake) string {
	switch {
	case t.ReadFirst && o.Replace:
		return "--replace: the sources are read to their end, and what they lack is cancelled, before anything is sent"
	case t.ReadFirst:
		return "--changed: items are left from before, so the sources are read to their end before anything is sent"
	}
	return ""
}

// checkWhole refuses --replace with flags that read only a part of the sources: it would cancel the items of the rest.
func (o *Read) checkWhole() error {
	flag := ""
	switch {
	case !o.Replace:
		return nil
	case o.source.limit > 0:
		flag = "--limit"
	case o.source.sample != "":
		flag = "--sample"
	default:
		return nil
	}
	return config.Usagef("--replace cancels what these sources do not have, and with %s they are read in part: leave one of the two out", flag)
}
