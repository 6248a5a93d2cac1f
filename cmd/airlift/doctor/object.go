package doctor

import (
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"

	"airlift/manifest/preflight"
	"airlift/manifest/s3scan"
	"airlift/queue"
	"airlift/ratelimit"
)

// object looks at the first object of the sources, as --preflight does: HEAD, and a GET of some bytes.
func (e *exam) object(ctx context.Context) []Finding {
	it := e.firstRows().first
	if it == nil {
		return []Finding{{}} // the sources' own findings say why
	}
	return []Finding{e.lookAt(ctx, it)}
}

func (e *exam) lookAt(ctx context.Context, it *queue.Item) Finding {
	f := e.Settings.Fields(it)
	url := "s3://" + it.Bucket + "/" + it.Key
	switch theirs, ours := s3scan.HostPort(s3scan.ServerURL(f.SourceEndpoint, f.SourceRegion)), s3scan.HostPort(s3scan.ServerURL(e.SourceEndpoint, e.SourceRegion)); {
	case e.SourceRegion == "":
		return cannotTell("set --source-region to let doctor look at an object", "%s was not looked at without the region of its server", url)
	case theirs != ours:
		return cannotTell("", "%s lies on another S3 server (%s) than that of the settings (%s), and the credentials go there only", url, theirs, ours)
	}
	client, err := e.s3Client(e.SourceEndpoint, e.SourceRegion)
	if err != nil {
		return cannotTell("see to the credentials first", "%s was not looked at: %v", url, err)
	}
	checker, err := preflight.New(preflight.Config{S3: client, Limiter: ratelimit.NewLimiter(rate.Inf, 1), Attempts: 1, RetryBudget: 1, Timeout: e.Deadline - e.Deadline/10})
	if err != nil {
		return cannotTell("", "%v", err)
	}
	began := time.Now()
	found, err := checker.Check(ctx, it.Bucket, it.Key)
	return judgeObject(url, found, err, time.Since(began))
}

// judgeObject judges what was found out about an object.
func judgeObject(url string, found preflight.Finding, err error, took time.Duration) Finding {
	setup, wrong := errors.AsType[*preflight.SetupError](err)
	switch {
	case wrong:
		return notOK(setup.Remedy, "%s: %v", url, setup.Err)
	case err != nil:
		return cannotTell("try again; check the network and --source-endpoint", "%s: %v", url, err)
	case found.Reason != "":
		return notOK("check bucket, key, --source-region and --source-endpoint; --preflight leaves such objects out", "%s: %s", url, found.Reason)
	}
	return ok("%s: its properties and first bytes are read, in %v", url, took.Round(time.Millisecond))
}
