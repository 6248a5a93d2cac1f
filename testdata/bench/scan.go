package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
)

func init() {
	tasks["airlift-scan"] = airliftScan
	tasks["sdk-scan"] = sdkScan
}

// scanContest lists a bucket beside the SDK's own paginator, from a server in a process of its own that makes every page
// afresh. A page costs it 25 ms beside, about what versitygw, a real one, was seen to take; and the same with the latency
// of a server far away.
func scanContest(b *bench) *contest {
	n := b.size(100_000)
	const page, far = 25 * time.Millisecond, 60 * time.Millisecond
	urls := map[string]string{}
	c := &contest{
		name: "scan",
		prepare: func(ctx context.Context) (func(), error) {
			var stops []func()
			undo := func() {
				for _, stop := range stops {
					stop()
				}
			}
			for name, latency := range map[string]time.Duration{"direct": page, "far": page + far} {
				s, err := b.startServer(ctx, "s3-server", args{N: n, More: map[string]string{"latency": latency.String()}})
				if err != nil {
					return undo, err
				}
				stops, urls[name] = append(stops, s.stop), s.url
			}
			return undo, nil
		},
		rows: []line{
			{what: "scan " + short(n) + " objects", ours: figure{"airlift, direct", rate}, peer: figure{"paginator, direct", rate}, least: 3, unit: "/s"},
			{what: "the same at " + far.String() + " latency", ours: figure{"airlift, far", rate}, peer: figure{"paginator, far", rate}, least: 4.5, unit: "/s"},
		},
	}
	for _, where := range []string{"direct", "far"} {
		for _, who := range []struct{ name, task string }{{"airlift", "airlift-scan"}, {"paginator", "sdk-scan"}} {
			c.contestants = append(c.contestants, contestant{name: who.name + ", " + where, measure: func(ctx context.Context) (sample, error) {
				return b.child(ctx, who.task, args{N: n, More: map[string]string{"url": urls[where]}})
			}})
		}
	}
	return c
}

func s3Client(url string) (*s3.Client, error) {
	return s3scan.NewClient(s3scan.ClientConfig{
		Endpoint: url, Region: "eu-central-1", PathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("access", "secret", ""),
	})
}

func airliftScan(a args, m *meter) error {
	client, err := s3Client(a.More["url"])
	if err != nil {
		return err
	}
	n := 0
	err = m.do(func() error {
		r, err := manifest.Open(context.Background(), "s3://"+bucket+"/", manifest.Options{S3: client})
		if err != nil {
			return err
		}
		defer r.Close()
		var e entry.Entry
		for {
			err := r.Read(&e)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			n++
		}
	})
	if err == nil && n != a.N {
		err = fmt.Errorf("%d of %d objects were listed", n, a.N)
	}
	return err
}

// sdkScan lists with the SDK alone, and looks at no key.
func sdkScan(a args, m *meter) error {
	client, err := s3Client(a.More["url"])
	if err != nil {
		return err
	}
	n := 0
	err = m.do(func() error {
		pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), EncodingType: types.EncodingTypeUrl})
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			if err != nil {
				return err
			}
			n += len(page.Contents)
		}
		return nil
	})
	if err == nil && n != a.N {
		err = fmt.Errorf("%d of %d objects were listed", n, a.N)
	}
	return err
}
