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
	f.StringVar(&l.rate, "rate", defaultRate, "requests to reckon with"+when+": N/s, N/m, N/h or unlimited")
	f.Int64Var(&l.dailyLimit, "daily-limit", 0, "jobs a UTC day to reckon with"+when+" (default: AiR's daily cap as far as it was met)")
}

// Parse checks the flags.
func (l *Limits) Parse() (plan.Limits, error) {
	r, err := ratelimit.ParseRate(l.rate)
	if err != nil {
		return plan.Limits{}, config.Usagef("--rate: %v", err)
	}
	if l.dailyLimit < 0 {
		return plan.Limits{}, config.Usagef("--daily-limit %d is no number of jobs", l.dailyLimit)
	}
	return plan.NewLimits(r, l.dailyLimit), nil
}
