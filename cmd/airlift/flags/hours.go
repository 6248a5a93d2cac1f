package flags

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
)

// rateHelp says how a rate is written.
const rateHelp = "N/s, N/m, N/h, unlimited, auto (what AiR bears), or a table like \"Mon-Fri 08:00 1/s, 20:00 20/s, Sat 50/s\" (see airlift help quotas)"

// hours has the flags for when items are sent, and at which rate.
type hours struct {
	rate    string
	windows []string
	zone    string
	autoRate
}

// addRate adds the flags of the rate.
func (h *hours) addRate(cmd *cobra.Command, help string) {
	f := cmd.Flags()
	f.StringVar(&h.rate, "rate", defaultRate, help)
	h.autoRate.add(cmd, defaultMost())
	f.StringVar(&h.zone, "time-zone", "", "the time zone of the hours of --rate and --window, like Europe/Berlin (default: that of this machine)")
}

// addWindows adds the flag of the windows.
func (h *hours) addWindows(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&h.windows, "window", nil, "send only at these times, like 22:00-06:00 or \"Sat,Sun 00:00-24:00\"; may be given several times (default: at any time)")
}

// auto reports whether the rate is to be found.
func (h *hours) auto() bool { return isAuto(h.rate) }

// parse checks the flags. The plain rate of a table is its lowest, that of one that is to be found a low one, for what is requested without regard to hours.
func (h *hours) parse() (plain rate.Limit, s schedule.Schedule, err error) {
	var wrong []error
	low, err := h.low()
	if err != nil {
		wrong = append(wrong, fmt.Errorf("--max-rate: %w", err))
	}
	text := h.rate
	if h.auto() {
		text = ratelimit.FormatRate(low)
	}
	for _, part := range []struct {
		flag string
		is   schedule.Config
	}{{"--rate", schedule.Config{Rate: text}}, {"--window", schedule.Config{Windows: h.windows}}, {"--time-zone", schedule.Config{Zone: h.zone}}} {
		if _, err := schedule.Parse(part.is); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", part.flag, err))
		}
	}
	if len(wrong) > 0 {
		return plain, s, errors.Join(wrong...)
	}
	c := schedule.Config{Windows: h.windows, Zone: h.zone}
	if schedule.IsTable(text) {
		c.Rate = text
	}
	if s, err = schedule.Parse(c); err != nil || s.HasTable() {
		return s.Lowest(), s, err
	}
	plain, err = ratelimit.ParseRate(text)
	return plain, s, err
}
