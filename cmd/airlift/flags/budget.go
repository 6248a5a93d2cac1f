package flags

import (
	"time"

	"github.com/spf13/cobra"

	"airlift/worker"
	"airlift/worker/budget"
)

// budgets has the flags for how many jobs are made.
type budgets struct {
	monthly int64
	media   time.Duration
	reserve string
	is      budget.Reserve // set by check
}

// add adds the flags.
func (b *budgets) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Int64Var(&b.monthly, "monthly-limit", 0, "our own cap of jobs a calendar month by AiR's clock, counted over restarts (default: none)")
	f.DurationVar(&b.media, "budget", 0, "end in good order before more media than this was sent of the batches, such as 500h, counted over restarts (default: no limit)")
	f.StringVar(&b.reserve, "reserve", "", "leave so many jobs, or P%, of AiR's daily cap and monthly quota to others, once these are learned (default: nothing)")
}

// check calls bad with what is wrong.
func (b *budgets) check(bad func(format string, args ...any)) {
	if b.monthly < 0 || b.monthly > 1e15 {
		bad("--monthly-limit %d: use 0 (none) to 1,000,000,000,000,000", b.monthly)
	}
	if b.media < 0 {
		bad("--budget %v: use 0 (none) or more, such as 500h", b.media)
	}
	var err error
	if b.is, err = budget.ParseReserve(b.reserve); err != nil {
		bad("--reserve %v", err)
	}
}

// set sets the flags in the configuration of a pool.
func (b *budgets) set(c *worker.Config) {
	c.MonthlyLimit, c.Reserve, c.Budget = b.monthly, b.is, b.media
}
