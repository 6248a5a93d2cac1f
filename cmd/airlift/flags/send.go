package flags

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/tell"
	"airlift/queue/report"
	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/failures"
	"airlift/worker/joblist"
	"airlift/worker/service"
	"airlift/worker/stop"
)

// Send has the flags for how items are sent.
type Send struct {
	airURL      string
	Profile     string
	hours       hours
	budgets     budgets
	burst       int
	workers     int
	dailyLimit  int64
	onDailyCap  string
	quota       Quota
	maxDuration time.Duration
	maxItems    int64
	maxOpen     int64
	canary      canary
	maxAttempts int
	maxFailures string
	timeout     time.Duration
	settle      time.Duration
	grace       time.Duration
	giveUp      time.Duration
	trustQueue  bool
	Stats       time.Duration
	JSON        bool
	Report      string

	// Set by Check.
	limiter  *ratelimit.Limiter
	most     rate.Limit // the highest that may be found
	schedule schedule.Config
	failures failures.Limit
}

// Add adds all flags.
func (s *Send) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	s.AddAPI(cmd)
	addPage(cmd)
	s.hours.addWindows(cmd)
	tell.AddFlags(cmd)
	f.Int64Var(&s.dailyLimit, "daily-limit", 0, "our own cap of jobs a UTC day, counted over restarts (default: none)")
	f.StringVar(&s.onDailyCap, "on-daily-cap", "wait", "at a daily cap: wait until AiR's next day, or exit with code 5")
	s.quota.Add(cmd)
	s.budgets.add(cmd)
	f.DurationVar(&s.maxDuration, "max-duration", 0, "end in good order after this long (default: no limit)")
	f.Int64Var(&s.maxOpen, "max-open", 0, "never have more than so many of the account's jobs unfinished at AiR, by its list (default: no limit)")
	f.Int64Var(&s.maxItems, "max-items", 0, "end in good order after so many items (default: no limit)")
	f.StringVar(&s.maxFailures, "max-failures", "", "end when so many items failed: N, P% of the last 1,000, or off (default: when over half of them did)")
	f.DurationVar(&s.giveUp, "give-up", 12*time.Hour, "end when AiR has not answered for so long")
	f.BoolVar(&s.trustQueue, "trust-queue", false, "do not check that AiR holds the jobs which this queue sent, and no others; send although an adoption has not ended well")
	f.StringVar(&s.Report, "report", "", "write the report of the batch to this file at the end (.csv or .jsonl)")
	config.NotOfAccount(f, "max-duration", "report")
}

// AddAPI adds the flags of all commands that speak to AiR.
func (s *Send) AddAPI(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.airURL, "air-url", "", "the base URL of AiR: https, or http on loopback")
	s.AddProfile(cmd)
	s.hours.addRate(cmd, "requests, lookups included: "+rateHelp)
	f.IntVar(&s.burst, "burst", 1, "how many requests may go at once after a quiet time")
	f.IntVar(&s.workers, "workers", 8, "how many requests may be under way at once")
	f.IntVar(&s.maxAttempts, "max-attempts", 5, "how many attempts an item has")
	f.DurationVar(&s.timeout, "timeout", 30*time.Second, "how long a request may take")
	f.DurationVar(&s.settle, "settle", 30*time.Second, "how long AiR may take to list a job that it accepted")
	f.DurationVar(&s.grace, "grace", 5*time.Second, "how long after midnight UTC to go on")
	f.DurationVar(&s.Stats, "stats", time.Minute, "how often progress is logged when standard error is no terminal")
	f.BoolVar(&s.JSON, "json", false, "print the summary as one JSON object, and nothing else, on standard output")
	config.NotOfAccount(f, "stats", "json")
}

// AddListing adds the flag of the commands that read all of AiR's list.
func (s *Send) AddListing(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&s.giveUp, "give-up", 30*time.Minute, "end when AiR's list could not be read for so long")
}

// AddProfile adds --profile alone.
func (s *Send) AddProfile(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.Profile, "profile", "", "take the credentials from this profile of the AWS shared files (else WASABI_ACCESS_KEY and WASABI_SECRET_KEY, else AWS_PROFILE)")
}

// Check reports all invalid flags.
func (s *Send) Check() error {
	var problems []string
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	plain, hours, err := s.hours.parse()
	if err != nil {
		bad("%v", err)
	}
	s.budgets.check(bad)
	if s.maxFailures != "" {
		if s.failures, err = failures.Parse(s.maxFailures); err != nil {
			bad("--max-failures: %v", err)
		}
	}
	for _, n := range []struct {
		name         string
		value, least int64
		most         int64
	}{
		{"--burst", int64(s.burst), 1, 1e6}, {"--workers", int64(s.workers), 1, 4096}, {"--max-attempts", int64(s.maxAttempts), 1, 1e6},
		{"--daily-limit", s.dailyLimit, 0, 1e15}, {"--max-items", s.maxItems, 0, 1e15},
		{"--max-open", s.maxOpen, 0, 1e9},
	} {
		if n.value < n.least || n.value > n.most {
			bad("%s %d: use %d to %d", n.name, n.value, n.least, n.most)
		}
	}
	for _, d := range []struct {
		name    string
		value   time.Duration
		atLeast time.Duration
	}{
		{"--timeout", s.timeout, time.Millisecond}, {"--settle", s.settle, 0}, {"--grace", s.grace, 0},
		{"--give-up", s.giveUp, 0}, {"--max-duration", s.maxDuration, 0}, {"--stats", s.Stats, 0},
	} {
		if d.value < d.atLeast {
			bad("%s %v: it cannot be less than %v", d.name, d.value, d.atLeast)
		}
	}
	s.canary.check(bad)
	if s.onDailyCap != "" && s.onDailyCap != "wait" && s.onDailyCap != "exit" {
		bad("--on-daily-cap %q: use wait or exit", s.onDailyCap)
	}
	s.quota.check(bad)
	if s.Report != "" {
		if _, err := report.ParseForm("", s.Report); err != nil {
			bad("--report: %v", err)
		}
	}
	if len(problems) > 0 {
		return config.Usagef("%s", strings.Join(problems, "\n"))
	}
	s.most, _ = s.hours.highest() // it is valid
	s.limiter, s.schedule = ratelimit.NewLimiter(plain, s.burst), hours.Config()
	return nil
}

// Client returns the client, or nil if a setting is missing, which it adds to m.
func (s *Send) Client(env config.Env, userAgent string, m *Missing) (*air.Client, error) {
	m.addFlag(s.airURL == "", "the base URL of AiR", "air-url", "")
	keys, err := env.Keys(s.Profile)
	if errors.Is(err, config.ErrNoKeys) {
		m.add(true, err.Error())
		return nil, nil
	}
	if err == nil {
		err = keys.CheckLongLived()
	}
	if err != nil || s.airURL == "" {
		return nil, err
	}
	c, err := air.New(air.Config{
		BaseURL: s.airURL, Credentials: air.NewCredentials(keys.Access, keys.Secret), Timeout: s.timeout, Connections: s.workers + joblist.LookupsAtOnce,
		UserAgent: userAgent,
	})
	if err != nil {
		return nil, config.Usagef("%v", err)
	}
	return c, nil
}

// Pool returns the pool's configuration.
func (s *Send) Pool(client *air.Client) worker.Config {
	c := worker.Config{
		API: client, Limiter: s.limiter, AutoRate: s.hours.auto(), MaxRate: s.most, Address: s.airURL, Workers: s.workers, MaxAttempts: s.maxAttempts, MaxFailures: s.failures,
		MaxItems: s.maxItems, MaxOpen: s.maxOpen, DailyLimit: s.dailyLimit, ExitOnCap: s.onDailyCap == "exit", Hours: s.schedule, Settle: zeroMeansNone(s.settle),
		Grace: zeroMeansNone(s.grace), GiveUp: s.giveUp, TrustQueue: s.trustQueue,
	}
	s.quota.apply(&c)
	s.budgets.set(&c)
	return c
}

// Audit returns how AiR's list is read.
func (s *Send) Audit(client *air.Client) service.AuditRequest {
	return service.AuditRequest{API: client, Limiter: s.limiter, Settle: s.settle, GiveUp: zeroMeansNone(s.giveUp)}
}

// Limited returns a context that ends after --max-duration.
func (s *Send) Limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.maxDuration <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, s.maxDuration, &stop.Error{Reason: stop.Limit, Text: "--max-duration reached"})
}

// zeroMeansNone turns a duration of 0 given by the user into the pool's negative "none".
func zeroMeansNone(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}
