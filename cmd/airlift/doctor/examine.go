package doctor

import (
	"context"
	"sync"
	"time"

	"airlift/cmd/airlift/config"
	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/plan"
	"airlift/worker/air"
)

// Subject is what is examined: the settings that a run with the same command line would have.
type Subject struct {
	Env config.Env
	// ConfigFile is the path of the config file. Wrong are lines about settings that are wrong or missing.
	ConfigFile string
	Wrong      []string
	// Keys are the credentials; KeysErr says why there are none.
	Keys    config.Keys
	KeysErr error
	// AirURL is AiR's address, Client its client; AirErr says why there is none.
	AirURL string
	Client *air.Client
	AirErr error
	// SourceRegion, SourceEndpoint and PathStyle say where the S3 server of the sources is.
	SourceRegion, SourceEndpoint string
	PathStyle                    bool
	// Sources are those of the command line, nil without any; SourcesErr says why they cannot be named.
	Sources    *intake.Sources
	SourcesErr error
	// Settings are those of the jobs.
	Settings queue.Settings
	// Queue is the path of the queue; QueueErr says why it has no place. RuntimeDir is $XDG_RUNTIME_DIR.
	Queue, RuntimeDir string
	QueueErr          error
	// Build is the version of airlift.
	Build string
	// Limits are those of the settings; without a rate it is not known.
	Limits               plan.Limits
	Workers, ScanWorkers int
	// Deadline bounds each check; 0: 15 s.
	Deadline time.Duration
}

// defaultDeadline is longer than the wait for a connection (10 s), whose error says more than a deadline.
const defaultDeadline = 15 * time.Second

// exam is one examination.
type exam struct {
	Subject

	mu sync.Mutex
	// The fields below are guarded by mu.
	look   sourceLook // once the sources' first rows are read
	clocks clocks
}

// check is one check. Its findings have no name yet.
type check struct {
	name string
	run  func(context.Context) []Finding
}

// one makes a check of a function that returns one finding.
func one(name string, run func(context.Context) Finding) check {
	return check{name, func(ctx context.Context) []Finding { return []Finding{run(ctx)} }}
}

// Examine carries out all checks, those first whose findings others need, and returns their findings in a fixed order. It returns early if ctx ends.
func Examine(ctx context.Context, s Subject) (all []Finding) {
	if s.Deadline <= 0 {
		s.Deadline = defaultDeadline
	}
	e := &exam{Subject: s}
	for _, stage := range [][]check{
		{
			one("settings", e.settings), one("credentials", e.credentials), one("key files", e.keyFiles), one("AiR", e.air),
			{"source", e.sources}, {"destination", e.destinations}, one("proxy", e.proxy), one("folder", e.folder), {"queue", e.queue},
			one("socket", e.socket), one("open files", e.openFiles), one("time zones", e.timeZones),
		},
		{{"object", e.object}},
		{one("clock", e.clock), one("disk space", e.space), one("limits", e.limits)},
	} {
		if ctx.Err() == nil {
			all = append(all, e.together(ctx, stage)...)
		}
	}
	return all
}

// together carries out checks at the same time, each until the deadline.
func (e *exam) together(ctx context.Context, checks []check) (all []Finding) {
	found := make([]chan []Finding, len(checks))
	ctx, cancel := context.WithTimeout(ctx, e.Deadline)
	defer cancel()
	for i, c := range checks {
		found[i] = make(chan []Finding, 1)
		go func() { found[i] <- c.run(ctx) }() // left behind if it hangs, in a file system for example: the command ends soon
	}
	for i, c := range checks {
		for _, f := range e.await(ctx, found[i]) {
			if f.Check = c.name; f.Text != "" {
				all = append(all, e.hidden(f))
			}
		}
	}
	return all
}

// lateness is how long after the end of ctx a check may still say what it found: that its request has ended, for example.
const lateness = time.Second

// await returns what a check found, or that it took too long.
func (e *exam) await(ctx context.Context, found <-chan []Finding) []Finding {
	select {
	case f := <-found:
		return f
	case <-ctx.Done():
	}
	select {
	case f := <-found:
		return f
	case <-time.After(lateness):
		return []Finding{cannotTell("try again; if it stays so, look at the network and the file systems", "no answer within %v", e.Deadline)}
	}
}

// hidden returns a finding without credentials, which a server may repeat.
func (e *exam) hidden(f Finding) Finding {
	hide := e.Env.Hider(e.Keys)
	f.Text, f.Do = hide.Replace(f.Text), hide.Replace(f.Do)
	return f
}
