package flags

import (
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker"
	"airlift/worker/service"
)

// Pause has the flags of pause.
type Pause struct {
	after         time.Duration
	until, reason string
}

// Add adds all flags. The environment and the config file set none of them: a pause is a decision of the moment.
func (p *Pause) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&p.after, "for", 0, "how long, such as 90m (default: until it is resumed)")
	f.StringVar(&p.until, "until", "", "until this time: RFC 3339, or HH:MM in UTC, today or tomorrow")
	f.StringVar(&p.reason, "reason", "paused by hand", "the reason to show")
	config.CommandLineOnly(f, "for", "until", "reason")
}

// Request returns what is asked for a batch or, if that is empty, for all.
func (p *Pause) Request(cmd *cobra.Command, batch string, now time.Time) (service.PauseRequest, error) {
	r := service.PauseRequest{Batch: batch, Reason: p.reason}
	var err error
	switch given := cmd.Flags().Changed("for"); {
	case given && p.until != "":
		err = config.Usagef("--for and --until: use one of them")
	case given && p.after <= 0:
		err = config.Usagef("--for %v: it must be above 0", p.after)
	case given:
		r.Until = now.Add(p.after)
	case p.until != "":
		r.Until, err = parseEnd(p.until, now)
	}
	return r, err
}

// parseEnd parses --until.
func parseEnd(until string, now time.Time) (time.Time, error) {
	if clock, err := time.Parse("15:04", until); err == nil {
		year, month, day := now.UTC().Date()
		end := time.Date(year, month, day, clock.Hour(), clock.Minute(), 0, 0, time.UTC)
		if !end.After(now) {
			end = end.AddDate(0, 0, 1)
		}
		return end, nil
	}
	end, err := time.Parse(time.RFC3339, until)
	switch {
	case err != nil:
		return end, config.Usagef("--until %q: write a time such as 2026-03-01T22:00:00Z, or 22:00 (UTC)", until)
	case !end.After(now):
		return end, config.Usagef("--until %s: that time has passed", until)
	}
	return end, nil
}

// Set has the flags of set.
type Set struct {
	rate           string
	workers, share int
	dailyLimit     int64
	monthlyLimit   int64
	windows        []string
	zone           string
	auto           autoRate
	reset          bool
}

// Add adds all flags. A value of the environment or the config file is meant for runs, so only the command line sets them.
func (s *Set) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.rate, "rate", "", "requests, lookups included: "+rateHelp)
	s.auto.add(cmd, "")
	f.IntVar(&s.workers, "workers", 0, "how many requests may be under way at once")
	f.Int64Var(&s.dailyLimit, "daily-limit", 0, "our own cap of jobs a UTC day; 0: none")
	f.Int64Var(&s.monthlyLimit, "monthly-limit", 0, "our own cap of jobs a calendar month; 0: none")
	f.StringArrayVar(&s.windows, "window", nil, "send only at these times, like 22:00-06:00; may be given several times; off: at any time")
	f.StringVar(&s.zone, "time-zone", "", "the time zone of the hours of --rate and --window, like Europe/Berlin")
	f.IntVar(&s.share, "share", 0, "the weight of BATCH when batches take turns, 1 to 100 (default 1)")
	f.BoolVar(&s.reset, "reset", false, "forget what was set of rate, windows, workers and limits first: the flags of each run count again")
	config.CommandLineOnly(f, "rate", "max-rate", "workers", "daily-limit", "monthly-limit", "window", "time-zone", "share", "reset")
}

// Request returns what is asked, of a batch if one is named.
func (s *Set) Request(cmd *cobra.Command, batch string) (service.SetRequest, error) {
	r := service.SetRequest{Batch: batch, Reset: s.reset}
	given := cmd.Flags().Changed
	err := s.check(given, batch)
	if err == nil {
		err = s.setRate(given, &r)
	}
	if err != nil {
		return r, err
	}
	for flag, set := range map[string]func(){
		"workers":       func() { r.Workers = &s.workers },
		"daily-limit":   func() { r.DailyLimit = &s.dailyLimit },
		"monthly-limit": func() { r.MonthlyLimit = &s.monthlyLimit },
		"time-zone":     func() { r.TimeZone = &s.zone },
		"share":         func() { r.Share = &s.share },
		"window":        func() { r.Windows = s.setWindows() },
	} {
		if given(flag) {
			set()
		}
	}
	return r, nil
}

// setWindows returns the windows that are asked for; none: at any time.
func (s *Set) setWindows() *[]string {
	if len(s.windows) == 1 && s.windows[0] == "off" {
		return &[]string{}
	}
	return &s.windows
}

// check reports what cannot be set.
func (s *Set) check(given func(string) bool, batch string) error {
	switch {
	case given("share") != (batch != ""):
		return config.Usagef("set: --share and BATCH go together")
	case given("share") && (s.share < 1 || s.share > queue.MaxShare):
		return config.Usagef("--share %d: use 1 to %d", s.share, queue.MaxShare)
	case given("workers") && (s.workers < 1 || s.workers > worker.MaxWorkers):
		return config.Usagef("--workers %d: use 1 to %d", s.workers, worker.MaxWorkers)
	case s.monthlyLimit < 0, s.monthlyLimit > 1e15:
		return config.Usagef("--monthly-limit %d: use 0 (none) to 1,000,000,000,000,000", s.monthlyLimit)
	case s.dailyLimit < 0:
		return config.Usagef("--daily-limit %d: use 0 (none) or more", s.dailyLimit)
	}
	return nil
}

// setRate sets what is asked of the rate.
func (s *Set) setRate(given func(string) bool, r *service.SetRequest) error {
	parse := func(flag, text string) (*float64, error) {
		limit, err := ratelimit.ParseRate(text)
		if err != nil {
			return nil, config.Usagef("--%s: %v", flag, err)
		}
		perSecond := min(float64(limit), service.UnlimitedRate)
		return &perSecond, nil
	}
	var err error
	switch {
	case isAuto(s.rate):
		r.AutoRate = true
	case schedule.IsTable(s.rate):
		r.RateTable = &s.rate
	case given("rate"):
		r.Rate, err = parse("rate", s.rate)
	}
	if err == nil && given("max-rate") {
		r.MaxRate, err = parse("max-rate", s.auto.most)
	}
	return err
}
