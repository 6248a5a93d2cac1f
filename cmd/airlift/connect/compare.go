package connect

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"airlift/cmd/airlift/config"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/failures"
	"airlift/worker/service/api"
)

// Compare logs which settings of the runs of some accounts are those of the process that holds the queue instead. The error is a
// usage error if that sends to another AiR.
func Compare(ctx context.Context, h api.Holder, accounts []string, of func(account string) (worker.Config, error), log zerolog.Logger) error {
	for _, account := range accounts {
		c, err := of(account)
		if err == nil {
			err = compare(ctx, h, account, c, log)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compare is Compare for one account.
func compare(ctx context.Context, h api.Holder, account string, c worker.Config, log zerolog.Logger) error {
	run, err := h.Run(ctx, account)
	if err != nil || !run.Running || c.Limiter == nil {
		return err
	}
	if strings.TrimRight(run.Address, "/") != strings.TrimRight(c.Address, "/") {
		return config.Usagef("%s holds the queue and sends to %s, not to %s: wait for it to end, or use another --queue", h, run.Address, c.Address)
	}
	own := worker.Limits{Rate: c.Limiter.Rate(), AutoRate: c.AutoRate}
	var set []string
	for _, f := range [][3]string{
		{"rate", word(run.Rate), word(cmp.Or(c.Hours.Rate, own.RateText()))},
		{"workers", fmt.Sprint(run.Workers), fmt.Sprint(c.Workers)},
		{"window", windows(run.Windows), windows(c.Hours.Windows)}, {"time-zone", run.TimeZone, cmp.Or(c.Hours.Zone, run.TimeZone)},
		{"monthly-limit", fmt.Sprint(run.Monthly), fmt.Sprint(c.MonthlyLimit)},
		{"daily-limit", fmt.Sprint(run.DailyLimit), fmt.Sprint(c.DailyLimit)},
	} {
		if f[1] != f[2] {
			set = append(set, "--"+f[0]+" "+f[2])
		}
	}
	if most := ratelimit.FormatRate(c.MaxRate); c.AutoRate && run.MaxRate != most {
		set = append(set, "--max-rate "+most)
	}
	if max(c.MaxItems, c.MaxOpen, int64(c.Budget)) > 0 || c.MaxFailures != (failures.Limit{}) || c.TrustQueue || c.WaitOnQuota {
		log.Warn().Stringer("holder", h).Msg("--max-items, --max-failures, --max-open, --budget, --on-monthly-quota and --trust-queue are those of the process that holds the queue, and not of this command")
	}
	if len(set) > 0 {
		log.Info().Stringer("holder", h).Str("rate", run.Rate).Int("workers", run.Workers).Int64("daily_limit", run.DailyLimit).
			Msgf("the process that holds the queue sends at its own rate; `airlift set %s` makes it that of this command", strings.Join(set, " "))
	}
	return nil
}

// windows writes the windows of a run for a command line.
func windows(all []string) string {
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = word(w)
	}
	return cmp.Or(strings.Join(words, " --window "), "off")
}

// word quotes a text that is not one word for the shell.
func word(text string) string {
	if strings.Contains(text, " ") {
		return `"` + text + `"`
	}
	return text
}
