package flags

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/manifest"
	"airlift/manifest/csv"
	"airlift/manifest/entry"
	"airlift/manifest/filter"
	"airlift/manifest/preflight"
	"airlift/manifest/s3scan"
	"airlift/queue/intake"
	"airlift/ratelimit"
)

// sourceFlags say what is read and how.
type sourceFlags struct {
	batch string
	formatFlags
	scan     bool
	manifest bool
	selectionFlags
	preflightFlags
	strict       bool
	allowEmpty   bool
	sourceBucket string
	pathStyle    bool
	listing      scanFlags
}

// formatFlags say how manifests are written.
type formatFlags struct {
	format    string
	delimiter string
	columns   string
}

// preflightFlags say whether objects are looked at before they get a job.
type preflightFlags struct {
	preflight     bool
	preflightRate string
}

// scanFlags say how buckets are listed; they do not change what is found.
type scanFlags struct {
	workers int
	rate    string
}

func (s *sourceFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.batch, "batch", "", "the Batch id (default, for one source: its base name without extensions and a short hash of its path or URL)")
	f.StringVar(&s.format, "format", "", "how the manifest is written: csv, jsonl, text, s3-inventory, or s3-batch (never guessed: the CSV of S3 Batch Operations, whose keys are URL-encoded); default: by its name, else by its content")
	f.StringVar(&s.delimiter, "delimiter", "", "what parts the columns of a CSV: one character, or tab (default: the header tells comma, semicolon or tab)")
	f.StringVar(&s.columns, "columns", "", "the meaning of CSV columns: bucket=2,key=3 without a header, key=File Path,bucket=Volume by its names; fields of JSON Lines by name")
	f.BoolVar(&s.scan, "scan", false, "list an s3:// source, even if it is named like a manifest")
	f.BoolVar(&s.manifest, "manifest", false, "read an s3:// source as a manifest, even if it is not named like one")
	s.selectionFlags.add(cmd)
	f.BoolVar(&s.strict, "strict", false, "enqueue nothing if any row is bad (reads the sources twice)")
	f.BoolVar(&s.allowEmpty, "allow-empty", false, "a source in which nothing is found, and filters that leave nothing, are no fault; with --replace: nor is it to cancel all")
	f.StringVar(&s.sourceBucket, "source-bucket", "", "the bucket of rows that name none")
	f.BoolVar(&s.pathStyle, "path-style", false, "address buckets in the path of S3 requests, not in the host name")
	f.IntVar(&s.listing.workers, "scan-workers", s3scan.DefaultWorkers, "how many requests of a scan may be under way at once")
	f.StringVar(&s.listing.rate, "scan-rate", "unlimited", "requests of a scan, 1,000 objects each: N/s, N/m, N/h or unlimited")
}

func (p *preflightFlags) addPreflight(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&p.preflight, "preflight", false, "look at each new object first (HEAD and some of its bytes), and reject what is missing, unreadable, empty, archived, not of the type that its name says, or an .mp4 or .mov that is neither H.264 nor H.265")
	f.StringVar(&p.preflightRate, "preflight-rate", "50/s", "the requests of --preflight, two an object, up to four of an .mp4 or .mov: N/s, N/m, N/h or unlimited")
}

// parse checks the arguments and flags, and names what is missing. It reads no more of a source than its beginning.
func (s *sourceFlags) parse(ctx context.Context, c *Context, args []string, j *Job, profile string, m *Missing) (intake.Sources, error) {
	if len(args) == 0 {
		return intake.Sources{}, config.Usagef("there is no SOURCE: name a manifest, - for standard input, or s3://bucket/prefix")
	}
	options, err := s.options(c, j)
	if err != nil {
		return intake.Sources{}, err
	}
	wanted, sample, err := s.wanted(c, slices.Contains(args, "-"))
	if err != nil {
		return intake.Sources{}, err
	}
	if options.Scan, err = s.listing.config(s.limit > 0); err != nil {
		return intake.Sources{}, err
	}
	out, err := intake.ParseSources(args)
	if err != nil {
		return out, err
	}
	out.Options, out.Filter, out.Sample, out.Limit = options, wanted, sample, s.limit
	out.AllowEmpty, out.Region = s.allowEmpty, j.sourceRegion
	if why := out.NoBatch(); s.batch == "" && why != "" {
		m.addFlag(true, "the batch", "batch", ", for "+why)
	}
	if s.strict {
		if err := out.CheckRereadable(); err != nil {
			return out, err
		}
	}
	if out.OnS3() || s.preflight {
		if err := s.access(c, j, profile, m, &out); err != nil {
			return out, err
		}
	}
	if err := out.Resolve(ctx); err != nil {
		return out, err
	}
	out.Fingerprint = s.fingerprint(out.List, j)
	return out, nil
}

// wanted returns the filter and the size of the sample. Patterns are not read from standard input if a source is.
func (s *sourceFlags) wanted(c *Context, stdinIsSource bool) (*filter.Filter, int, error) {
	stdin := c.In
	if stdinIsSource {
		stdin = nil
	}
	wanted, sample, err := s.filter(time.Now(), stdin)
	if err == nil && wanted.Overlaps() {
		c.Log.Warn().Msg("--include comes before --exclude, as in rclone: what both match is taken. " +
			"To leave it out, write both as rules in their order: --filter '- proxies/' --filter '+ *.mov' --filter '- **'")
	}
	return wanted, sample, err
}

// options returns how the flags say that sources are read.
func (s *sourceFlags) options(c *Context, j *Job) (manifest.Options, error) {
	o := manifest.Options{Stdin: c.In, SourceBucket: s.sourceBucket, ForceScan: s.scan, ForceManifest: s.manifest,
		Endpoint: j.sourceEndpoint, Warn: func(text string) { c.Log.Warn().Msg(text) }}
	if s.scan && s.manifest {
		return o, config.Usagef("--scan and --manifest exclude each other")
	}
	if s.sourceBucket != "" {
		if err := entry.CheckBucket(s.sourceBucket); err != nil {
			return o, config.Usagef("--source-bucket: %v", err)
		}
	}
	var err error
	if o.Format, err = manifest.ParseFormat(s.format); err != nil {
		return o, config.Usagef("--format: %v", err)
	}
	if o.Delimiter, err = csv.ParseDelimiter(s.delimiter); err != nil {
		return o, config.Usagef("--delimiter: %v", err)
	}
	if o.Columns, err = entry.ParseColumns(s.columns); err != nil {
		return o, config.Usagef("--columns: %v", err)
	}
	return o, nil
}

// config checks the flags. With --limit one worker lists, because the first objects in key order are wanted.
func (s *scanFlags) config(limited bool) (s3scan.Config, error) {
	out := s3scan.Config{Workers: s.workers}
	if most := 256; s.workers < 1 || s.workers > most {
		return out, config.Usagef("--scan-workers %d: use 1 to %d", s.workers, most)
	}
	rate, err := ratelimit.ParseRate(s.rate)
	if err != nil {
		return out, config.Usagef("--scan-rate: %v", err)
	}
	if rate != ratelimit.Unlimited {
		out.Rate = rate
	}
	if limited {
		out.Workers = 1
	}
	return out, nil
}

// access sets up the access to S3, or adds what is missing to m.
func (s *sourceFlags) access(c *Context, j *Job, profile string, m *Missing, out *intake.Sources) error {
	m.addFlag(j.sourceRegion == "", "the region of the S3 server", "source-region", "")
	keys, err := c.Env.Keys(profile)
	if errors.Is(err, config.ErrNoKeys) {
		m.add(true, err.Error())
		return nil
	}
	if err != nil || j.sourceRegion == "" {
		return err
	}
	server := s3scan.ServerURL(j.sourceEndpoint, j.sourceRegion)
	client, err := s3scan.NewClient(s3scan.ClientConfig{
		Region: j.sourceRegion, Endpoint: server, PathStyle: s.pathStyle || s3scan.OnAddress(server),
		Credentials: credentials.NewStaticCredentialsProvider(keys.Access, keys.Secret, keys.Token),
	})
	if err != nil {
		return err // a nil *s3.Client in an interface would not be nil
	}
	out.Options.S3, out.Hide = client, keys.Hider()
	if !s.preflight {
		return nil
	}
	rate, err := ratelimit.ParseRate(s.preflightRate)
	if err != nil {
		return config.Usagef("--preflight-rate: %v", err)
	}
	out.Preflight, err = preflight.New(preflight.Config{S3: client, Limiter: ratelimit.NewLimiter(rate, 1)})
	return err
}

// fingerprint identifies what a reading finds: the sources in order, their S3 server, and all flags and files that select
// rows. A scan that was interrupted resumes only under the same fingerprint.
func (s *sourceFlags) fingerprint(list []manifest.Source, j *Job) string {
	h := sha256.New()
	for _, src := range list {
		fmt.Fprintf(h, "%q ", src.Canonical())
	}
	p := &s.patterns
	// What is stored with a broken-off scan, so the words must stay as they are, whatever the fields are called. Left out is
	// what does not change what is found.
	fmt.Fprintf(h, "%q %q {batch:%s formatFlags:{format:%s delimiter:%s columns:%s} scan:%t manifest:%t ", j.sourceEndpoint, j.sourceRegion,
		s.batch, s.format, s.delimiter, s.columns, s.scan, s.manifest)
	fmt.Fprintf(h, "selectionFlags:{patterns:{Include:%s IncludeFrom:%s Exclude:%s ExcludeFrom:%s Filter:%s FilterFrom:%s Stdin:<nil>} ",
		p.Include, p.IncludeFrom, p.Exclude, p.ExcludeFrom, p.Filter, p.FilterFrom)
	fmt.Fprintf(h, "types:%s allTypes:%t minSize:%s maxSize:%s newerThan:%s olderThan:%s take:%s sample:%s limit:%d} ",
		s.types, s.allTypes, s.minSize, s.maxSize, s.newerThan, s.olderThan, s.take, s.sample, s.limit)
	fmt.Fprintf(h, "preflightFlags:{preflight:%t preflightRate:%s} strict:%t allowEmpty:false sourceBucket:%s pathStyle:%t listing:{workers:0 rate:}}",
		s.preflight, s.preflightRate, s.strict, s.sourceBucket, s.pathStyle)
	for _, path := range slices.Concat(s.patterns.IncludeFrom, s.patterns.ExcludeFrom, s.patterns.FilterFrom) {
		globs, _ := os.ReadFile(path) // filter has read it successfully
		fmt.Fprintf(h, " %q", globs)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ReadOnce reports whether a source is a pipe or a device, which cannot be read again from its beginning.
func ReadOnce(source string) bool {
	info, err := os.Stat(source)
	return source == "-" || err == nil && !info.Mode().IsRegular() && !info.IsDir()
}
