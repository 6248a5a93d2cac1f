package flags

import (
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/queue/plan"
	"airlift/ratelimit"
)

// Limits has the flags for what a forecast assumes.
type Limits struct {
	hours      hours
	dailyLimit int64
}

// Add adds the flags; when is added to their help, and says when they are used.
func (l *Limits) Add(cmd *cobra.Command, when string) {
	f := cmd.Flags()
	l.hours.addRate(cmd, "the request rate to assume"+when+": "+rateHelp)
	l.hours.addWindows(cmd)
	f.Int64Var(&l.dailyLimit, "daily-limit", 0, "jobs per UTC day to assume"+when+" (default: AiR's daily cap, if known)")
}

// Parse checks the flags.
func (l *Limits) Parse() (plan.Limits, error) {
	r, hours, err := l.hours.parse()
	if err != nil {
		return plan.Limits{}, config.Usagef("%v", err)
	}
	if l.dailyLimit < 0 {
		return plan.Limits{}, config.Usagef("--daily-limit %d: use 0 or more", l.dailyLimit)
	}
	if hours.HasTable() {
		r = ratelimit.Unlimited // the table alone limits it
	}
	limits := plan.NewLimits(r, l.dailyLimit)
	limits.Hours = hours
	return limits, nil
}
