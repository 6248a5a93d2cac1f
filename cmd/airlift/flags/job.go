package flags

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
	"airlift/queue"
)

// Job has the flags for the settings of jobs, which rows and rules override.
type Job struct {
	services          string
	priority          int
	priorityGiven     func() bool
	destinationBucket string
	destinationRegion string
	sourceRegion      string
	sourceEndpoint    string
	name              string
}

// Add adds the flags.
func (j *Job) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&j.services, "services", "", "the services of each job: ocr,s2t or {\"logo\":{\"config\":{...}}} or @FILE")
	f.IntVar(&j.priority, "priority", 0, "the jobs' priority, 1 to 10 (default: not sent)")
	j.priorityGiven = func() bool { return f.Changed("priority") }
	f.StringVar(&j.destinationBucket, "destination-bucket", "", "the bucket that AiR writes to")
	f.StringVar(&j.destinationRegion, "destination-region", "", "the region of that bucket")
	f.StringVar(&j.sourceRegion, "source-region", "", "the region of sources that name none, and of scans")
	f.StringVar(&j.sourceEndpoint, "source-endpoint", "", "the S3 endpoint of sources that name none, and of scans: default https://s3.REGION.wasabisys.com")
	defer config.NotOfAccount(f, "services", "priority", "destination-bucket", "destination-region", "source-region", "source-endpoint", "name")
	f.StringVar(&j.name, "name", "", "a template of the jobs' names, for example {batch}-{stem}-{hash}, see the README (default: {base}-{hash})")
}

// Settings returns the flags, and the rules of the config file, as a batch's settings.
func (j *Job) Settings(c *Context) (queue.Settings, error) {
	out := queue.Settings{Rules: c.Rules, Name: j.name, JobFields: queue.JobFields{
		Priority: j.priority, DestinationBucket: j.destinationBucket, DestinationRegion: j.destinationRegion,
		SourceRegion: j.sourceRegion, SourceEndpoint: j.sourceEndpoint,
	}}
	if j.name != "" {
		if _, err := queue.ParseTemplate(j.name); err != nil {
			return out, config.Usagef("--name %q: %v", j.name, err)
		}
	}
	if j.priorityGiven() && (j.priority < 1 || j.priority > 10) {
		return out, config.Usagef("--priority %d: AiR takes 1 to 10", j.priority)
	}
	if j.destinationBucket != "" {
		if err := entry.CheckBucket(j.destinationBucket); err != nil {
			return out, config.Usagef("--destination-bucket: %v", err)
		}
	}
	if s3scan.HasPassword(j.sourceEndpoint) {
		return out, config.Usagef("--source-endpoint must not hold a user or password: set the keys by environment or profile")
	}
	for i, rule := range c.Rules {
		c.Services.Check(c.Log, fmt.Sprintf("rule %d of the config file", i+1), 0, rule.Fields.Services)
	}
	text := j.services
	if path, isFile := strings.CutPrefix(text, "@"); isFile {
		b, err := config.ReadSmall(path)
		if err != nil {
			return out, config.Usagef("--services: %v", err)
		}
		text = string(b)
	}
	if text == "" {
		return out, nil
	}
	services, err := entry.ParseServices(text)
	if err != nil {
		return out, config.Usagef("--services: %v", err)
	}
	out.Services = json.RawMessage(services)
	c.Services.Check(c.Log, "--services", 0, out.Services)
	return out, nil
}
