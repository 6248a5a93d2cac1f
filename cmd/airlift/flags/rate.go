package flags

import (
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"airlift/ratelimit"
	"airlift/worker/autorate"
)

// defaultRate limits all requests together.
const defaultRate = "5/s"

// autoRate is the rate that AiR is found to bear.
type autoRate struct{ most string }

// isAuto reports whether a rate is to be found.
func isAuto(text string) bool { return strings.EqualFold(strings.TrimSpace(text), "auto") }

// add adds the flag of the highest rate.
func (a *autoRate) add(cmd *cobra.Command, otherwise string) {
	cmd.Flags().StringVar(&a.most, "max-rate", otherwise, "the highest rate that --rate auto may find")
}

// defaultMost is the highest rate of a run.
func defaultMost() string { return ratelimit.FormatRate(autorate.DefaultMax) }

// highest parses the flag.
func (a *autoRate) highest() (rate.Limit, error) { return ratelimit.ParseRate(a.most) }

// low is the rate of what is requested as long as none was found.
func (a *autoRate) low() (rate.Limit, error) {
	most, err := a.highest()
	low, _ := ratelimit.ParseRate(defaultRate) // it is valid
	return min(low, most), err
}
