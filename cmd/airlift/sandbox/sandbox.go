package sandbox

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Command returns the command. getenv reads the environment, out takes what it says, and log what happens, as it is by then.
func Command(getenv func(string) (string, bool), out io.Writer, log *zerolog.Logger) *cobra.Command {
	var c airtest.Config
	var listen, faults, listFaults string
	var accounts []string
	cmd := &cobra.Command{
		Use: "sandbox [flags]", Short: "Run a faithful AiR on loopback, to rehearse and to test against",
		Long: `sandbox is an AiR in memory: it validates as the API page says, counts a daily cap and a monthly
quota on a clock of its own, and fails in the ways you ask for. It prints its URL and runs until
Ctrl-C. GET /debug/jobs shows what it was sent: how many jobs each object has.

Any pair of keys is accepted, unless AIRLIFT_SANDBOX_ACCESS_KEY and AIRLIFT_SANDBOX_SECRET_KEY
are set.

Faults are kinds with their probabilities, like 500_after=0.05,reset_before=0.1. POST /debug/settings
changes them, and the limits and lags, while the sandbox runs; GET /debug/settings shows them. The kinds:
` + kinds() + exit.CodesHelp,
		Example: "  airlift sandbox --daily-cap 250 --midnight-in 20s\n  airlift sandbox --listen 127.0.0.1:8080 --faults 500_after=0.05,hang_before=0.01 --list-lag 10s",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if c.Faults.Post, err = airtest.ParseOdds(faults); err != nil {
				return config.Usagef("--faults: %v", err)
			}
			if c.Faults.List, err = airtest.ParseOdds(listFaults); err != nil {
				return config.Usagef("--list-faults: %v", err)
			}
			if c.Accounts, err = airtest.ParseAccounts(accounts); err != nil {
				return config.Usagef("--key-limits: %v", err)
			}
			c.AccessKey, _ = getenv("AIRLIFT_SANDBOX_ACCESS_KEY")
			c.SecretKey, _ = getenv("AIRLIFT_SANDBOX_SECRET_KEY")
			if err := c.Check(); err != nil {
				return config.Usagef("%v", err)
			}
			return serve(cmd.Context(), c, listen, out, log)
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:8080", "the address to listen on, on this machine only; port 0 picks one")
	f.IntVar(&c.DailyCap, "daily-cap", 0, "accept this many jobs a day by the sandbox's clock, then answer 429 (default: no cap)")
	f.IntVar(&c.MonthlyQuota, "monthly-quota", 0, "accept this many jobs a month, then answer 403 (default: none)")
	f.StringArrayVar(&accounts, "key-limits", nil, "limits of one account: ACCESSKEY=daily:N,monthly:N, or ACCESSKEY=refused for 401; all other keys are one account together; may be given several times")
	f.DurationVar(&c.MidnightIn, "midnight-in", 0, "shift the sandbox's clock so that its next midnight UTC comes after this time")
	f.DurationVar((*time.Duration)(&c.ListLag), "list-lag", 0, "how long after its acceptance a job appears in lists")
	f.DurationVar((*time.Duration)(&c.Latency), "latency", 0, "delay each answer by this")
	f.DurationVar((*time.Duration)(&c.Lifecycle), "lifecycle", 0, "how long a job takes to complete (default 5s)")
	f.Float64Var(&c.FailShare, "fail-share", 0, "the share of jobs that end as failed, 0 to 1")
	f.StringArrayVar(&c.FailKeys, "fail-key", nil, "let the jobs of keys that contain this end as failed, as TEXT or TEXT=CODE with the code of their errors; may be given several times")
	f.Float64Var(&c.RequestRate, "request-rate", 0, "throttle above this many requests a second (default: never)")
	f.IntVar(&c.RequestBurst, "request-burst", 0, "let so many requests through at once (default: a second's worth)")
	f.Float64Var(&c.NightRate, "night-rate", 0, "the request rate from 00:00 to 06:00 of the sandbox's clock (default: the same as by day)")
	f.IntVar(&c.ThrottleStatus, "throttle-status", 400, "throttle with 400 (RequestRateLimitExceeded) or 503 (SlowDown)")
	f.IntVar(&c.Concurrency, "concurrency", 0, "throttle above this many requests at once (default: never)")
	f.Float64Var(&c.ServeRate, "serve-rate", 0, "work off this many requests a second, one after the other: answers take longer above it (default: all at once)")
	f.StringVar(&faults, "faults", "", "faults of POST /jobs, each with its probability: KIND=P,...")
	f.StringVar(&listFaults, "list-faults", "", "faults of GET /jobs, likewise")
	f.DurationVar((*time.Duration)(&c.Faults.Delay), "fault-delay", 0, "how long hangs and late requests take, and how long every other fault, --reject-key's 400 included, waits before its answer")
	f.StringArrayVar(&c.Faults.RejectKeys, "reject-key", nil, "answer 400 for keys that contain this; may be given several times")
	f.StringArrayVar(&c.Faults.Empty400Keys, "empty-400-key", nil, "answer 400 with an empty body, which AiR never does, for keys that contain this; may be given several times")
	f.DurationVar((*time.Duration)(&c.RetryAfter), "retry-after", 0, "the Retry-After of the faults 429_html and 429_rate (default 1s)")
	f.IntVar(&c.PageCap, "page-cap", 0, "the most jobs on a page of a list, whatever pageSize asks for (default 100)")
	f.BoolVar(&c.NullEmptyPage, "null-pages", false, "write an empty page of a list as {\"Records\": null}")
	f.DurationVar((*time.Duration)(&c.TurningTies), "turning-ties", 0, "round creation times down to this, and reverse the order of jobs with equal times in every other list (default: off)")
	f.DurationVar((*time.Duration)(&c.Retention), "retention", 0, "remove jobs of this age from all lists (default: never)")
	f.Uint64Var(&c.Faults.Seed, "seed", 0, "the same seed gives the same faults")
	f.StringVar((*string)(&c.NameMatch), "name-match", "exact", "how lists filter by name: exact or partial")
	f.StringVar((*string)(&c.PageFields), "page-fields", "usual", "the fields beside Records in a list: usual or none")
	return cmd
}

// kinds lists the faults, one a line.
func kinds() string {
	var b strings.Builder
	for _, k := range airtest.Kinds() {
		fmt.Fprintf(&b, "  %-13s %s\n", k, airtest.About(k))
	}
	return b.String()
}

// serve serves until ctx ends, and then says what it was sent.
func serve(ctx context.Context, c airtest.Config, listen string, out io.Writer, log *zerolog.Logger) error {
	s := airtest.NewServer(c)
	defer s.Close()
	ready := false
	err := s.ListenAndServe(ctx, listen, func(url string) {
		ready = true
		fmt.Fprintf(out, "AiR sandbox on %s\n", url)
		log.Info().Str("url", url).Str("jobs", url+"/debug/jobs").Time("clock", s.Now()).Msg("the sandbox is ready: Ctrl-C ends it")
	})
	if err != nil && !ready {
		return config.Usagef("--listen %s: %v", listen, err)
	}
	if err != nil {
		return err
	}
	objects, doubles := len(s.ByObject()), len(s.Duplicates())
	verdict := "every object has exactly one job"
	if doubles > 0 {
		verdict = fmt.Sprintf("%d OBJECTS HAVE MORE THAN ONE JOB", doubles)
	}
	_, err = fmt.Fprintf(out, "AiR sandbox: %d POSTs, %d jobs for %d objects: %s\n", s.Posts(), s.Accepted(), objects, verdict)
	return err
}
