package flags

import (
	"github.com/spf13/cobra"

	"airlift/worker"
)

// Quota has the flag for AiR's monthly quota.
type Quota struct{ onMonthly string }

// Add adds the flag.
func (q *Quota) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&q.onMonthly, "on-monthly-quota", "exit", "at AiR's monthly quota: exit with code 3, or wait for the first of the month, with one request a day")
}

// check returns what is wrong, or nothing.
func (q *Quota) check(bad func(format string, args ...any)) {
	if q.onMonthly != "" && q.onMonthly != "wait" && q.onMonthly != "exit" {
		bad("--on-monthly-quota %q: use wait or exit", q.onMonthly)
	}
}

// apply sets what the flag asks for.
func (q *Quota) apply(c *worker.Config) { c.WaitOnQuota = q.onMonthly == "wait" }
