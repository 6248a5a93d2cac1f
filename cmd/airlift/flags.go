package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/term"
	"airlift/manifest/entry"
	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/plan"
	"airlift/queue/report"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/service"
)

// jobFlags are what goes into each job whose row does not say otherwise.
type jobFlags struct {
	services          string
	priority          int
	priorityGiven     func() bool
	destinationBucket string
	destinationRegion string
	sourceRegion      string
	sourceEndpoint    string
	name              string
}

func (j *jobFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&j.services, "services", "", "the services of each job: ocr,s2t or {\"logo\":{\"config\":{...}}} or @FILE")
	f.IntVar(&j.priority, "priority", 0, "the jobs' priority, 1 to 10 (default: not sent)")
	j.priorityGiven = func() bool { return f.Changed("priority") }
	f.StringVar(&j.destinationBucket, "destination-bucket", "", "the bucket that AiR writes to")
	f.StringVar(&j.destinationRegion, "destination-region", "", "the region of that bucket")
	f.StringVar(&j.sourceRegion, "source-region", "", "the region of sources that name none, and of scans")
	f.StringVar(&j.sourceEndpoint, "source-endpoint", "", "the S3 endpoint of sources that name none, and of scans: default https://s3.REGION.wasabisys.com")
	f.StringVar(&j.name, "name", "", "a template of the jobs' names, for example {batch}-{stem}-{hash}, see the README (default: {base}-{hash})")
}

// settings returns the flags, and the rules of the config file, as a batch's settings.
func (j *jobFlags) settings(a *app) (queue.Settings, error) {
	out := queue.Settings{Rules: a.rules, Name: j.name, JobFields: queue.JobFields{
		Priority: j.priority, DestinationBucket: j.destinationBucket, DestinationRegion: j.destinationRegion,
		SourceRegion: j.sourceRegion, SourceEndpoint: j.sourceEndpoint,
	}}
	if j.name != "" {
		if _, err := queue.ParseTemplate(j.name); err != nil {
			return out, usagef("--name %q: %v", j.name, err)
		}
	}
	if j.priorityGiven() && (j.priority < 1 || j.priority > 10) {
		return out, usagef("--priority %d: AiR takes 1 to 10", j.priority)
	}
	if j.destinationBucket != "" {
		if err := entry.CheckBucket(j.destinationBucket); err != nil {
			return out, usagef("--destination-bucket: %v", err)
		}
	}
	if intake.HasPassword(j.sourceEndpoint) {
		return out, usagef("--source-endpoint must not hold a user or password: set the keys by environment or profile")
	}
	for i, rule := range a.rules {
		a.services.Check(a.log, fmt.Sprintf("rule %d of the config file", i+1), 0, rule.Fields.Services)
	}
	text := j.services
	if path, isFile := strings.CutPrefix(text, "@"); isFile {
		b, err := config.ReadSmall(path)
		if err != nil {
			return out, usagef("--services: %v", err)
		}
		text = string(b)
	}
	if text == "" {
		return out, nil
	}
	services, err := entry.ParseServices(text)
	if err != nil {
		return out, usagef("--services: %v", err)
	}
	out.Services = json.RawMessage(services)
	a.services.Check(a.log, "--services", 0, out.Services)
	return out, nil
}

// defaultRate is that of all requests together.
const defaultRate = "5/s"

// sendFlags say how the queue is worked.
type sendFlags struct {
	airURL      string
	profile     string
	rate        string
	burst       int
	workers     int
	dailyLimit  int64
	onDailyCap  string
	maxDuration time.Duration
	maxItems    int64
	maxAttempts int
	maxFailures string
	timeout     time.Duration
	settle      time.Duration
	grace       time.Duration
	giveUp      time.Duration
	trustQueue  bool
	stats       time.Duration
	json        bool
	report      string

	// What check makes of them.
	limiter  *ratelimit.Limiter
	failures worker.FailureLimit
}

func (s *sendFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	s.addAPI(cmd)
	f.Int64Var(&s.dailyLimit, "daily-limit", 0, "our own cap of jobs a UTC day, counted over restarts (default: none)")
	f.StringVar(&s.onDailyCap, "on-daily-cap", "wait", "at a daily cap: wait until midnight UTC, or exit with code 5")
	f.DurationVar(&s.maxDuration, "max-duration", 0, "end in good order after this long (default: no limit)")
	f.Int64Var(&s.maxItems, "max-items", 0, "end in good order after so many items (default: no limit)")
	f.StringVar(&s.maxFailures, "max-failures", "", "end when so many items failed: N, P% of the last 1,000, or off (default: when over half of them did)")
	f.DurationVar(&s.giveUp, "give-up", 12*time.Hour, "end when AiR has not answered for so long")
	f.BoolVar(&s.trustQueue, "trust-queue", false, "do not check that AiR holds the jobs which this queue sent, and no others; send although an adoption has not ended well")
	f.StringVar(&s.report, "report", "", "write the report of the batch to this file at the end (.csv or .jsonl)")
}

// addAPI adds the flags of all commands that speak to AiR.
func (s *sendFlags) addAPI(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.airURL, "air-url", "", "the base URL of AiR: https, or http on loopback")
	s.addProfile(cmd)
	f.StringVar(&s.rate, "rate", defaultRate, "requests, lookups included: N/s, N/m, N/h or unlimited")
	f.IntVar(&s.burst, "burst", 1, "how many requests may go at once after a quiet time")
	f.IntVar(&s.workers, "workers", 8, "how many requests may be under way at once")
	f.IntVar(&s.maxAttempts, "max-attempts", 5, "how many attempts an item has")
	f.DurationVar(&s.timeout, "timeout", 30*time.Second, "how long a request may take")
	f.DurationVar(&s.settle, "settle", 30*time.Second, "how long AiR may take to list a job that it accepted")
	f.DurationVar(&s.grace, "grace", 5*time.Second, "how long after midnight UTC to go on")
	f.DurationVar(&s.stats, "stats", time.Minute, "how often progress is logged when standard error is no terminal")
	f.BoolVar(&s.json, "json", false, "print the summary as one JSON object, and nothing else, on standard output")
}

// addListing adds the flag of the commands that read all of AiR's list.
func (s *sendFlags) addListing(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&s.giveUp, "give-up", 30*time.Minute, "end when AiR's list could not be read for so long")
}

func (s *sendFlags) addProfile(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.profile, "profile", "", "take the credentials from this profile of the AWS shared files (else WASABI_ACCESS_KEY and WASABI_SECRET_KEY, else AWS_PROFILE)")
}

// check reports every flag that makes no sense.
func (s *sendFlags) check() error {
	var problems []string
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	rate, err := ratelimit.ParseRate(s.rate)
	if err != nil {
		bad("--rate: %v", err)
	}
	if s.maxFailures != "" {
		if s.failures, err = worker.ParseFailureLimit(s.maxFailures); err != nil {
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
		{"--give-up", s.giveUp, 0}, {"--max-duration", s.maxDuration, 0}, {"--stats", s.stats, 0},
	} {
		if d.value < d.atLeast {
			bad("%s %v: it cannot be less than %v", d.name, d.value, d.atLeast)
		}
	}
	if s.onDailyCap != "" && s.onDailyCap != "wait" && s.onDailyCap != "exit" {
		bad("--on-daily-cap %q: use wait or exit", s.onDailyCap)
	}
	if s.report != "" {
		if _, err := report.ParseForm("", s.report); err != nil {
			bad("--report: %v", err)
		}
	}
	if len(problems) > 0 {
		return usagef("%s", strings.Join(problems, "\n"))
	}
	s.limiter = ratelimit.NewLimiter(rate, s.burst)
	return nil
}

// limitFlags are what a forecast assumes.
type limitFlags struct {
	rate       string
	dailyLimit int64
}

// add adds the flags; when says when they count.
func (l *limitFlags) add(cmd *cobra.Command, when string) {
	f := cmd.Flags()
	f.StringVar(&l.rate, "rate", defaultRate, "requests to reckon with"+when+": N/s, N/m, N/h or unlimited")
	f.Int64Var(&l.dailyLimit, "daily-limit", 0, "jobs a UTC day to reckon with"+when+" (default: AiR's daily cap as far as it was met)")
}

func (l *limitFlags) limits() (plan.Limits, error) {
	r, err := ratelimit.ParseRate(l.rate)
	if err != nil {
		return plan.Limits{}, usagef("--rate: %v", err)
	}
	if l.dailyLimit < 0 {
		return plan.Limits{}, usagef("--daily-limit %d is no number of jobs", l.dailyLimit)
	}
	return plan.NewLimits(r, l.dailyLimit), nil
}

// zeroMeansNone turns a duration of 0 given by the user into the pool's negative "none".
func zeroMeansNone(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// missing collects the settings that are not there, so that all are named at once.
type missing []string

// add adds a setting on the condition, once.
func (m *missing) add(condition bool, what string) {
	if condition && !slices.Contains(*m, what) {
		*m = append(*m, what)
	}
}

// addFlag is add for a setting that is a flag, which names the variable too.
func (m *missing) addFlag(condition bool, what, flag, remark string) {
	m.add(condition, fmt.Sprintf("%s: --%s or %s%s", what, flag, config.Variable(flag), remark))
}

func (m missing) err() error {
	if len(m) == 0 {
		return nil
	}
	return usagef("missing settings:\n  %s", strings.Join(m, "\n  "))
}

// client returns the client that the flags ask for, or nil and adds what it lacks.
func (m *missing) client(cmd *cobra.Command, a *app, s *sendFlags) (*air.Client, error) {
	m.addFlag(s.airURL == "", "the base URL of AiR", "air-url", "")
	keys, err := a.env().Keys(s.profile)
	if err == config.ErrNoKeys {
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
		UserAgent: "airlift/" + versionText(),
	})
	if err != nil {
		return nil, usagef("%v", err)
	}
	return c, nil
}

// addAll adds the job settings that an error names, and reports whether it is one that does.
func (m *missing) addAll(err error) bool {
	var several service.Errors
	var one *intake.MissingError
	switch {
	case errors.As(err, &several):
		found := false
		for _, err := range several {
			found = m.addAll(err) || found
		}
		return found
	case errors.As(err, &one):
		m.addFields(one)
		return true
	}
	return false
}

// addFields adds the job settings that neither the flags nor the rows nor the rules give.
func (m *missing) addFields(e *intake.MissingError) {
	const column = ", a column of the manifest, or a rule"
	m.addFlag(e.Services, "the services", "services", column)
	m.addFlag(e.DestinationBucket, "the bucket that AiR writes to", "destination-bucket", column)
	m.addFlag(e.DestinationRegion, "the region of that bucket", "destination-region", column)
	m.add(e.Batch != "", fmt.Sprintf("for items of batch %q, for example %q (or take them out with `airlift cancel`)", e.Batch, term.Cut(e.Key, 100)))
}
