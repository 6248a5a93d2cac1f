package flags

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/doctor"
)

// Doctor has the flags of doctor: those of run, whose settings it examines.
type Doctor struct {
	read Read
	send Send
}

// Add adds the flags.
func (d *Doctor) Add(cmd *cobra.Command) {
	d.read.Add(cmd)
	d.read.AddChanged(cmd)
	d.read.AddReplace(cmd)
	d.send.Add(cmd)
	d.send.AddCanary(cmd)
	AddRunModes(cmd, new(bool), new(bool))
	cmd.Flags().Lookup("json").Usage = "print one JSON object"
}

// AddRunModes adds the flags of run for other ways to do it.
func AddRunModes(cmd *cobra.Command, dryRun, detach *bool) {
	cmd.Flags().BoolVar(dryRun, "dry-run", false, "read and check everything, store and send nothing")
	cmd.Flags().BoolVar(detach, "detach", false, "end once the sources are read, and leave the work to the process that holds the queue")
}

// JSON returns --json.
func (d *Doctor) JSON() bool { return d.send.JSON }

// Subject completes a subject by what the flags ask for. Wrong flags become a part of it.
func (d *Doctor) Subject(ctx context.Context, c *Context, args []string, s doctor.Subject) doctor.Subject {
	var missing Missing
	note := func(err error) {
		if err != nil && !errors.Is(err, config.ErrNoKeys) {
			s.Wrong = append(s.Wrong, strings.Split(err.Error(), "\n")...)
		}
	}
	note(d.send.Check())
	s.Env, s.AirURL, s.Workers, s.ScanWorkers = c.Env, d.send.airURL, d.send.workers, d.read.source.listing.workers
	limits := Limits{hours: d.send.hours, dailyLimit: d.send.dailyLimit}
	if l, err := limits.Parse(); err == nil { // else it is noted already
		s.Limits = l
	}
	if s.Keys, s.KeysErr = c.Env.Keys(d.send.Profile); s.KeysErr == nil && s.Keys.CheckLongLived() == nil {
		s.Client, s.AirErr = d.send.Client(c.Env, "airlift/"+s.Build, &missing)
	}
	if s.AirURL == "" {
		s.AirErr = errors.New("--air-url is not set")
	}
	s.SourceRegion, s.SourceEndpoint, s.PathStyle = d.read.job.sourceRegion, d.read.job.sourceEndpoint, d.read.source.pathStyle
	var err error
	if s.Settings, err = d.read.job.Settings(c); err != nil {
		note(err)
		return s // the sources cannot be read with these
	}
	if len(args) > 0 {
		missing = nil // what AiR lacks is said with AiR
		o, err := d.read.Options(ctx, c, args, d.send.Profile, &missing)
		if s.SourcesErr = err; err == nil && len(missing) == 0 {
			s.Sources = &o.Sources
		}
		for _, what := range missing {
			if s.KeysErr == nil || what != s.KeysErr.Error() { // which is said with the credentials
				s.Wrong = append(s.Wrong, "missing: "+what)
			}
		}
	}
	return s
}
