package flags

import (
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/queue/plan"
	"airlift/ratelimit"
)

// Limits has the flags for what a forecast assumes.
type Limits struct {
	rate       string
	dailyLimit int64
}

// Add adds the flags; when is added to their help, and says when they are used.
func (l *Limits) Add(cmd *cobra.Command, when string) {
	f := cmd.Flags()
	f.StringVar(&l.rate, "rate", defaultRate, "the request rate to assume"+when+": N/s, N/m, N/h or unlimited")
	f.Int64Var(&l.dailyLimit, "daily-limit", 0, "jobs per UTC day to assume"+when+" (default: AiR's daily cap, if known)")
}

// Parse checks the flags.
func (l *Limits) Parse() (plan.Limits, error) {
	r, err := ratelimit.ParseRate(l.rate)
	if err != nil {
		return plan.Limits{}, config.Usagef("--rate: %v", err)
	}
	if l.dailyLimit < 0 {
		return plan.Limits{}, config.Usagef("--daily-limit %d: use 0 or more", l.dailyLimit)
	}
	return plan.NewLimits(r, l.dailyLimit), nil
}
