package doctor

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
)

// place is a bucket that AiR writes to.
type place struct{ bucket, region string }

// mostPlaces bounds how many destinations are asked for; rules may have more.
const mostPlaces = 10

// places returns the destinations of the settings and the rules. Those of rows are left out: what a manifest says is no
// setting, and the credentials go to the servers of the settings alone.
func (e *exam) places() (all []place) {
	add := func(bucket, region string) {
		p := place{bucket, region}
		if bucket != "" && region != "" && !slices.Contains(all, p) && len(all) < mostPlaces {
			all = append(all, p)
		}
	}
	s := &e.Settings
	add(s.DestinationBucket, s.DestinationRegion)
	for i := range s.Rules {
		f := s.Rules[i].Fields.Or(s.JobFields)
		add(f.DestinationBucket, f.DestinationRegion)
	}
	return all
}

// destinations looks whether the buckets that AiR writes to are there.
func (e *exam) destinations(ctx context.Context) (all []Finding) {
	for _, p := range e.places() {
		all = append(all, e.destination(ctx, p))
	}
	if len(all) == 0 {
		return []Finding{cannotTell("set --destination-bucket and --destination-region, unless each row gives its own", "no destination is set")}
	}
	return all
}

// destination looks at one bucket. It is at Wasabi, except beside a stand-in on this machine.
func (e *exam) destination(ctx context.Context, p place) Finding {
	if !entry.IsRegion(p.region) {
		return notOK("set --destination-region to a region such as us-east-1", "%q is no region", p.region)
	}
	endpoint := ""
	if s3scan.OnAddress(e.SourceEndpoint) {
		endpoint = e.SourceEndpoint
	}
	client, err := e.s3Client(endpoint, p.region)
	if err != nil {
		return cannotTell("see to the credentials first", "s3://%s was not asked for: %v", p.bucket, err)
	}
	out, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &p.bucket})
	region := bucketRegion(err)
	if err == nil {
		region = aws.ToString(out.BucketRegion)
	}
	return judgeBucket(p, region, err)
}

// judgeBucket judges the answer to HeadBucket. region is the one that the answer names.
func judgeBucket(p place, region string, err error) Finding {
	status := s3scan.Status(err)
	switch {
	case region != "" && region != p.region:
		return notOK("set --destination-region "+region, "s3://%s lies in %s, not in %s", p.bucket, region, p.region)
	case err == nil:
		return ok("s3://%s is there, in %s", p.bucket, p.region)
	case status == 404:
		return notOK("make the bucket, or check --destination-bucket and --destination-region", "there is no bucket s3://%s in %s", p.bucket, p.region)
	case status == 403:
		return cannotTell("look in the Wasabi console whether it is there and whether AiR may write to it; the right s3:ListBucket lets doctor look",
			"s3://%s: these keys may not look at it (or are not known in %s)", p.bucket, p.region)
	case status >= 300 && status < 500 && status != 408 && status != 429:
		return notOK("check --destination-region: the bucket may lie in another one", "s3://%s: the server of %s refuses the request (HTTP status %d)", p.bucket, p.region, status)
	case unreached(err):
		return notOK("check --destination-region, the network and the proxy", "the S3 server of %s is not reached: %v", p.region, s3scan.Cause(err))
	}
	return cannotTell("try again later", "s3://%s: %v", p.bucket, s3scan.Cause(err))
}
