package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/filter"
	"airlift/manifest/s3scan"
	"airlift/queue"
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

func (s *sourceFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.batch, "batch", "", "the Batch id (default, for one source: its base name without extensions and a short hash of its path or URL)")
	s.formatFlags.add(cmd)
	f.BoolVar(&s.scan, "scan", false, "list an s3:// source, even if it is named like a manifest")
	f.BoolVar(&s.manifest, "manifest", false, "read an s3:// source as a manifest, even if it is not named like one")
	s.selectionFlags.add(cmd)
	f.BoolVar(&s.strict, "strict", false, "enqueue nothing if any row is bad (reads the sources twice)")
	f.BoolVar(&s.allowEmpty, "allow-empty", false, "a source in which nothing is found, and filters that leave nothing, are no fault; with --replace: nor is it to cancel all")
	f.StringVar(&s.sourceBucket, "source-bucket", "", "the bucket of rows that name none")
	f.BoolVar(&s.pathStyle, "path-style", false, "address buckets in the path of S3 requests, not in the host name")
	s.listing.add(cmd)
}

// sources are the parsed SOURCE arguments with all that is needed to open them.
type sources struct {
	names   queue.Namer // of the batch that the sources are read into
	list    []manifest.Source
	named   []manifest.Source // as the command line names them: a pattern is one, and several files in list
	options manifest.Options
	filter  *filter.Filter
	choice  choice
	// allowEmpty says that it is no fault if nothing is found.
	allowEmpty bool
	// preflight looks at each item; nil: nobody does.
	preflight *preflightStage
	print     string            // see fingerprint
	hide      *strings.Replacer // takes the keys out of what an S3 server says; nil without one
}

// hidden returns an error of a source without the keys: a server may echo what it was sent.
func (s *sources) hidden(err error) error {
	var broken *manifest.BrokenError
	if s.hide == nil || !errors.As(err, &broken) {
		return err
	}
	clean := *broken
	clean.Err = errors.New(s.hide.Replace(broken.Err.Error()))
	return &clean
}

// parse checks the arguments and flags, and names what is missing. It opens no source.
func (s *sourceFlags) parse(ctx context.Context, a *app, args []string, j *jobFlags, profile string, m *missing) (sources, error) {
	out := sources{allowEmpty: s.allowEmpty}
	var err error
	if len(args) == 0 {
		return out, usagef("there is no SOURCE: name a manifest, - for standard input, or s3://bucket/prefix")
	}
	if s.scan && s.manifest {
		return out, usagef("--scan and --manifest exclude each other")
	}
	if s.sourceBucket != "" {
		if err := entry.CheckBucket(s.sourceBucket); err != nil {
			return out, usagef("--source-bucket: %v", err)
		}
	}
	out.options = manifest.Options{Stdin: a.in, SourceBucket: s.sourceBucket, ForceScan: s.scan, ForceManifest: s.manifest,
		Endpoint: j.sourceEndpoint, Warn: func(text string) { a.log.Warn().Msg(text) }}
	if err := s.formatFlags.set(&out.options); err != nil {
		return out, err
	}
	stdin := a.in
	if slices.Contains(args, "-") {
		stdin = nil
	}
	if out.filter, out.choice, err = s.filter(time.Now(), stdin); err != nil {
		return out, err
	}
	if out.filter.Overlaps() {
		a.log.Warn().Msg("--include comes before --exclude, as in rclone: what both match is taken. " +
			"To leave it out, write both as rules in their order: --filter '- proxies/' --filter '+ *.mov' --filter '- **'")
	}
	if out.options.Scan, err = s.listing.config(out.choice); err != nil {
		return out, err
	}
	onS3 := false
	for _, arg := range args {
		src, err := manifest.ParseSource(arg)
		if err != nil {
			return out, err
		}
		onS3 = onS3 || src.OnS3()
		if src.Kind == manifest.KindFile {
			if err := checkFile(arg); err != nil {
				return out, err
			}
		}
		files, err := src.Files()
		if err != nil {
			return out, err
		}
		out.named, out.list = append(out.named, src), append(out.list, files...)
	}
	switch {
	case s.batch == "" && (len(args) > 1 || out.list[0].Kind == manifest.KindStdin):
		m.addFlag(true, "the batch", "batch", ", for several sources and standard input have no default")
	case s.batch == "" && isStream(out.named[0]):
		m.addFlag(true, "the batch", "batch", ", for "+out.named[0].Arg+" is a pipe or device, whose name says nothing of what it holds")
	}
	if s.strict {
		for _, src := range out.list {
			if isStream(src) && !isRegular(src.Arg) {
				return out, usagef("--strict reads its sources twice, and %s is a pipe or device: give a file, or - for standard input", src.Arg)
			}
		}
	}
	if onS3 || s.preflight {
		if err := s.access(ctx, a, j, profile, m, &out); err != nil {
			return out, err
		}
	}
	for i, src := range out.list {
		if src.OnS3() && out.options.S3 == nil {
			continue // what is missing is said together with all else
		}
		if out.list[i], err = src.Resolve(out.options); err != nil {
			return out, err
		}
	}
	out.print = s.fingerprint(out.list, j)
	return out, recogniseAll(ctx, out)
}

// access sets the access to S3 up, or names what is missing for it.
func (s *sourceFlags) access(ctx context.Context, a *app, j *jobFlags, profile string, m *missing, out *sources) error {
	m.addFlag(j.sourceRegion == "", "the region of the S3 server", "source-region", "")
	keys, err := a.env().Keys(profile)
	if errors.Is(err, config.ErrNoKeys) {
		m.add(true, err.Error())
		return nil
	}
	if err != nil || j.sourceRegion == "" {
		return err
	}
	endpoint := s3Endpoint(j.sourceEndpoint, j.sourceRegion)
	client, err := s3scan.NewClient(s3scan.ClientConfig{
		Region: j.sourceRegion, Endpoint: endpoint, PathStyle: s.pathStyle || onAddress(endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(keys.Access, keys.Secret, keys.Token),
	})
	if err != nil {
		return err // a nil *s3.Client in an interface would not be nil
	}
	out.options.S3, out.hide = client, keys.Hider()
	if s.preflight {
		out.preflight, err = s.preflightFlags.build(client, j, out.hide)
	}
	return err
}

// checkFile finds what was misnamed before anything is read, sent or stored.
func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usagef("there is no file %s: check the SOURCE's name", path)
	case err == nil && info.IsDir():
		return usagef("%s is a directory: name a manifest, or s3://bucket/prefix to list a bucket", path)
	}
	return nil // all else shows when it is opened
}

// isStream reports whether a source is a file whose name does not say what it holds: a pipe or a device, or what a
// process has open, such as /dev/fd/63 of a process substitution, by any link.
func isStream(src manifest.Source) bool {
	if src.Kind != manifest.KindFile {
		return false
	}
	path := src.Canonical()
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return true
	}
	for range 40 { // links, as many as a system follows
		if path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/") {
			return true
		}
		target, err := os.Readlink(path)
		if err != nil {
			return false
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = filepath.Clean(target)
	}
	return false
}

// s3Endpoint returns the URL of the S3 server for scans; AiR's own examples write it without the scheme.
func s3Endpoint(endpoint, region string) string {
	switch {
	case endpoint == "":
		return "https://s3." + region + ".wasabisys.com"
	case !strings.Contains(endpoint, "://"):
		return "https://" + endpoint
	}
	return endpoint
}

// hasPassword reports whether an endpoint holds a user or password, which would be sent to AiR and stored.
func hasPassword(endpoint string) bool {
	if !strings.Contains(endpoint, "@") { // as in every row of most manifests
		return false
	}
	u, err := url.Parse(s3Endpoint(endpoint, ""))
	return err == nil && u.User != nil
}

// outsideWasabi reports whether an endpoint is another server than Wasabi's. One on this machine is a stand-in.
func outsideWasabi(endpoint string) bool {
	u, err := url.Parse(s3Endpoint(endpoint, ""))
	if err != nil || onAddress(s3Endpoint(endpoint, "")) {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host != "wasabisys.com" && !strings.HasSuffix(host, ".wasabisys.com")
}

// onAddress reports whether the host is a bare address, which cannot have a bucket's name in front.
func onAddress(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && (net.ParseIP(u.Hostname()) != nil || u.Hostname() == "localhost")
}

// defaultBatch returns the batch of a source that was given no --batch: the same command finds the same batch, whatever
// the source holds by then.
func defaultBatch(src manifest.Source) string {
	const longest = 100
	var name strings.Builder
	for i, r := range []rune(src.BaseName()) {
		if i == longest {
			break
		}
		if r < 0x20 || r == 0x7f || r == 0xfffd {
			r = '_'
		}
		name.WriteRune(r)
	}
	sum := sha256.Sum256([]byte(src.Canonical()))
	return name.String() + "-" + hex.EncodeToString(sum[:4])
}
