package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/cobra"

	"airlift/manifest/preflight"
	"airlift/queue"
	"airlift/ratelimit"
)

// preflightFlags say whether objects are looked at before they get a job.
type preflightFlags struct {
	preflight     bool
	preflightRate string
}

func (p *preflightFlags) addPreflight(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&p.preflight, "preflight", false, "look at each new object first (HEAD and some of its bytes), and reject what is missing, unreadable, empty, archived, not of the type that its name says, or an .mp4 or .mov that is neither H.264 nor H.265")
	f.StringVar(&p.preflightRate, "preflight-rate", "50/s", "the requests of --preflight, two an object, up to four of an .mp4 or .mov: N/s, N/m, N/h or unlimited")
}

// build returns the stage that looks at objects with that client.
func (p *preflightFlags) build(client *s3.Client, j *jobFlags, hide *strings.Replacer) (*preflightStage, error) {
	rate, err := ratelimit.ParseRate(p.preflightRate)
	if err != nil {
		return nil, usagef("--preflight-rate: %v", err)
	}
	checker, err := preflight.New(preflight.Config{S3: client, Limiter: ratelimit.NewLimiter(rate, 1)})
	if err != nil {
		return nil, err
	}
	return &preflightStage{
		check: func(ctx context.Context, it *queue.Item) (preflight.Finding, error) {
			if why := j.liesElsewhere(it); why != "" {
				return preflight.Finding{Reason: why}, nil
			}
			found, err := checker.Check(ctx, it.Bucket, it.Key)
			found.Reason = hide.Replace(found.Reason)
			return found, err
		},
		hide: hide,
	}, nil
}

// liesElsewhere says that an item is not on the server that the flags name: the credentials go there only.
func (j *jobFlags) liesElsewhere(it *queue.Item) string {
	there := it.Own.Or(queue.JobFields{SourceEndpoint: j.sourceEndpoint, SourceRegion: j.sourceRegion})
	theirs, ours := hostOf(s3Endpoint(there.SourceEndpoint, there.SourceRegion)), hostOf(s3Endpoint(j.sourceEndpoint, j.sourceRegion))
	if theirs == ours {
		return ""
	}
	return fmt.Sprintf("its row names another S3 server (%s) than the settings (%s), and the credentials go to that one only; "+
		"read such rows apart with --source-endpoint or --source-region, or without --preflight", cut(theirs, 100), ours)
}

// hostOf returns a URL's host with its port, in one form.
func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "none"
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[strings.ToLower(u.Scheme)]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
