package manifest

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// Kind says where a source lies.
type Kind int

// The kinds of sources.
const (
	KindFile     Kind = iota + 1 // a local file
	KindStdin                    // standard input, written "-"
	KindS3Object                 // a manifest that is an S3 object
	KindS3Scan                   // the objects of a bucket under a prefix
	KindPattern                  // all local files that match a pattern; see Source.Files
)

// Source is a parsed source name. It does not show whether the source exists.
type Source struct {
	Arg  string // as given
	Kind Kind
	// Format is the one asked for, or else the one that the name's ending tells;
	// "" leaves it to the content. It is "" for a scan.
	Format Format
	Bucket string // of S3 sources
	Key    string // the object's key, or for a scan the prefix, which may be empty

	path        string // absolute, of files and patterns
	compression input.Compression
	forced      bool // Format was asked for: the content is not asked
}

// ParseSource parses a source's name: "-" is standard input, "s3://bucket/..." an S3 object if its key ends in a
// manifest's extension (.csv .jsonl .ndjson .txt .json, each also .gz .zst), else a scan; a name that holds one of *?[{
// and is no file is a pattern, and all else a file. It opens nothing. Its errors are ErrUsage.
func ParseSource(arg string) (Source, error) {
	s := Source{Arg: arg}
	if arg == "" {
		return s, entry.Usagef("a source is empty; name a file, - or s3://bucket/prefix")
	}
	if arg == "-" {
		s.Kind = KindStdin
		return s, nil
	}
	scheme, rest, ok := strings.Cut(arg, "://")
	switch {
	case ok && strings.EqualFold(scheme, "s3"):
		s.Bucket, s.Key, _ = strings.Cut(rest, "/")
		if err := entry.CheckBucket(s.Bucket); err != nil {
			return s, entry.Usagef("%s: %v; write s3://bucket/prefix", arg, err)
		}
		e := endingOf(s.Key)
		s.Kind, s.Format, s.compression = KindS3Scan, e.format, e.compression
		if e.named {
			s.Kind = KindS3Object
		}
		return s, nil
	case ok && entry.IsScheme(scheme):
		return s, entry.Usagef("%s: sources of the kind %s:// are not read; download it, or name a file or s3://bucket/key", arg, scheme)
	}
	s.Kind = KindFile
	if isPattern(arg) {
		s.Kind = KindPattern
	}
	e := endingOf(arg)
	s.Format, s.compression = e.format, e.compression
	abs, err := filepath.Abs(arg)
	if err != nil {
		return s, fmt.Errorf("%s: absolute path: %w", arg, err)
	}
	s.path = abs
	return s, nil
}

// OnS3 reports whether the source is in a bucket.
func (s Source) OnS3() bool { return s.Kind == KindS3Object || s.Kind == KindS3Scan }

// Resolve applies the options that say how to read the source (Format, ForceScan, ForceManifest) and checks that it can
// be opened with these options as far as that can be known without opening it. Its errors are ErrUsage.
func (s Source) Resolve(o Options) (Source, error) {
	s, err := s.force(o)
	if err != nil {
		return s, err
	}
	if s.OnS3() && o.S3 == nil {
		return s, entry.Usagef("%s: no S3 access is set up; set --source-region or --source-endpoint, and the credentials", s.Arg)
	}
	if s.Kind == KindS3Scan {
		s.Format, s.compression = "", input.Uncompressed
		return s, nil
	}
	if s.Kind == KindStdin && o.Stdin == nil {
		return s, entry.Usagef("-: there is no standard input; name a file")
	}
	if o.Format != "" {
		f, err := ParseFormat(string(o.Format))
		if err != nil {
			return s, err
		}
		s.Format, s.forced = f, true
	}
	if s.Format == FormatInventory && s.Kind == KindStdin {
		return s, errInventoryOnStdin
	}
	return s, nil
}

var errInventoryOnStdin = entry.Usagef("-: the parts of an S3 Inventory are found from its manifest.json: give that file instead")

// force applies ForceScan and ForceManifest.
func (s Source) force(o Options) (Source, error) {
	switch {
	case o.ForceScan && o.ForceManifest:
		return s, entry.Usagef("%s: --scan and --manifest exclude each other; give one", s.Arg)
	case o.ForceScan && !s.OnS3():
		return s, entry.Usagef("%s: only s3://bucket/prefix can be scanned; leave --scan out", s.Arg)
	case o.ForceScan:
		s.Kind = KindS3Scan
	case o.ForceManifest && s.OnS3():
		if s.Key == "" || strings.HasSuffix(s.Key, "/") {
			return s, entry.Usagef("%s: names no object that could be a manifest; write s3://bucket/key", s.Arg)
		}
		s.Kind = KindS3Object
	}
	return s, nil
}

// BaseName returns the last part of the source's path without the extensions of manifests: "archive" for
// dir/archive.csv.gz; for a scan the last part of its prefix, or the bucket; for a pattern the folder that it begins
// with; "-" for standard input. It is a default batch's readable part and may hold any characters that a path may.
func (s Source) BaseName() string {
	p := s.path
	switch s.Kind {
	case KindStdin:
		return "-"
	case KindS3Object, KindS3Scan:
		p = strings.TrimRight(s.Key, "/")
		if p == "" {
			return s.Bucket
		}
	}
	if s.Kind == KindPattern { // the folder says more than "*"
		p, _ = doublestar.SplitPattern(filepath.ToSlash(p))
	}
	base := path.Base(filepath.ToSlash(p))
	if cut := stripExtensions(base); cut != "" {
		return cut
	}
	return base
}

// Canonical returns the absolute path (symbolic links are not followed), the s3:// URL with the key's exact bytes, or
// "-": the same source named in another way gives the same text. It does not depend on the content.
func (s Source) Canonical() string {
	switch s.Kind {
	case KindStdin:
		return "-"
	case KindS3Object, KindS3Scan:
		return "s3://" + s.Bucket + "/" + s.Key
	}
	return s.path
}
