package manifest

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// Kind says where a source lies.
type Kind int

// The kinds of sources.
const (
	KindFile     Kind = iota + 1 // a local file
	KindStdin                    // standard input, written "-"
	KindS3Object                 // a manifest that is an S3 object
	KindS3Scan                   // the objects of a bucket under a prefix
)

// Format is how a manifest is written. The zero value means: by its name.
type Format string

// The formats.
const (
	FormatCSV   Format = "csv"   // comma-separated values, RFC 4180
	FormatJSONL Format = "jsonl" // one JSON object a line
	FormatText  Format = "text"  // one key a line
)

// ParseFormat reads the value of a --format flag: csv, jsonl (or ndjson, json)
// or text (or txt), in any case; "" is the zero Format. Other values give an
// error that is ErrUsage.
func ParseFormat(s string) (Format, error) {
	switch strings.ToLower(s) {
	case "":
		return "", nil
	case "csv":
		return FormatCSV, nil
	case "jsonl", "ndjson", "json":
		return FormatJSONL, nil
	case "text", "txt":
		return FormatText, nil
	}
	return "", usagef("format %q is not known; use csv, jsonl or text", s)
}

// compression of a manifest, as its name's ending says.
type compression string

const (
	plain compression = ""
	gz    compression = ".gz"
	zst   compression = ".zst"
)

// Source is a source as the user named it, taken apart. It says nothing of
// whether it exists.
type Source struct {
	Arg    string // as given
	Kind   Kind
	Format Format // by the name's ending, "" if that tells none; "" for a scan
	Bucket string // of S3 sources
	Key    string // the object's key, or for a scan the prefix, which may be empty

	path        string // absolute, of files
	compression compression
}

// ParseSource takes a source's name apart: "-" is standard input,
// "s3://bucket/..." an S3 object if its key ends in a manifest's extension
// (.csv .jsonl .ndjson .txt, each also .gz .zst), else a scan; all else is a
// file. It opens nothing. Its errors are ErrUsage.
func ParseSource(arg string) (Source, error) {
	s := Source{Arg: arg}
	if arg == "" {
		return s, usagef("a source is empty; name a file, - or s3://bucket/prefix")
	}
	if arg == "-" {
		s.Kind = KindStdin
		return s, nil
	}
	scheme, rest, ok := strings.Cut(arg, "://")
	switch {
	case ok && strings.EqualFold(scheme, "s3"):
		s.Bucket, s.Key, _ = strings.Cut(rest, "/")
		if reason := checkBucket(s.Bucket); reason != "" {
			return s, usagef("%s: %s; write s3://bucket/prefix", arg, reason)
		}
		s.Format, s.compression = byName(s.Key)
		s.Kind = KindS3Scan
		if s.Format != "" {
			s.Kind = KindS3Object
		}
		return s, nil
	case ok && isScheme(scheme):
		return s, usagef("%s: sources of the kind %s:// are not read; download it, or name a file or s3://bucket/key", arg, scheme)
	}
	s.Kind = KindFile
	s.Format, s.compression = byName(arg)
	abs, err := filepath.Abs(arg)
	if err != nil {
		return s, fmt.Errorf("%s: absolute path: %w", arg, err)
	}
	s.path = abs
	return s, nil
}

// OnS3 tells whether the source lies in a bucket.
func (s Source) OnS3() bool { return s.Kind == KindS3Object || s.Kind == KindS3Scan }

// Resolve applies the options that say how to read the source (Format,
// ForceScan, ForceManifest) and checks that it can be opened with these options
// as far as that can be known without opening it. Its errors are ErrUsage.
func (s Source) Resolve(o Options) (Source, error) {
	s3 := s.OnS3()
	switch {
	case o.ForceScan && o.ForceManifest:
		return s, usagef("%s: --scan and --manifest exclude each other; give one", s.Arg)
	case o.ForceScan && !s3:
		return s, usagef("%s: only s3://bucket/prefix can be scanned; leave --scan out", s.Arg)
	case o.ForceScan:
		s.Kind = KindS3Scan
	case o.ForceManifest && s3:
		if s.Key == "" || strings.HasSuffix(s.Key, "/") {
			return s, usagef("%s: names no object that could be a manifest; write s3://bucket/key", s.Arg)
		}
		s.Kind = KindS3Object
	}
	if s3 && o.S3 == nil {
		return s, usagef("%s: no S3 access is set up; set --source-region or --source-endpoint, and the credentials", s.Arg)
	}
	if s.Kind == KindS3Scan {
		s.Format, s.compression = "", plain
		return s, nil
	}
	if s.Kind == KindStdin && o.Stdin == nil {
		return s, usagef("-: there is no standard input; name a file")
	}
	if o.Format != "" {
		f, err := ParseFormat(string(o.Format))
		if err != nil {
			return s, err
		}
		s.Format = f
	}
	switch {
	case s.Format != "":
	case s.Kind == KindStdin:
		return s, usagef("-: the format of standard input is not known; add --format csv, jsonl or text")
	default:
		return s, usagef("%s: its name does not tell its format; add --format csv, jsonl or text, or let it end in .csv, .jsonl, .ndjson or .txt (and .gz or .zst)", s.Arg)
	}
	return s, nil
}

// BaseName gives the last part of the source's path without the extensions of
// manifests: "archive" for dir/archive.csv.gz; for a scan the last part of its
// prefix, or the bucket; "-" for standard input. It is a default batch's
// readable part and may hold any characters that a path may.
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
	base := path.Base(filepath.ToSlash(p))
	if cut := stripExtensions(base); cut != "" {
		return cut
	}
	return base
}

// Canonical gives the absolute path (symbolic links are not followed), the
// s3:// URL with the key's exact bytes, or "-": the same source named in
// another way gives the same text, and never does its content matter.
func (s Source) Canonical() string {
	switch s.Kind {
	case KindStdin:
		return "-"
	case KindS3Object, KindS3Scan:
		return "s3://" + s.Bucket + "/" + s.Key
	}
	return s.path
}

// byName tells format and compression by a name's ending, in any case.
func byName(name string) (Format, compression) {
	name = strings.ToLower(name)
	c := plain
	for _, z := range []compression{gz, zst} {
		if cut, ok := strings.CutSuffix(name, string(z)); ok {
			name, c = cut, z
			break
		}
	}
	for ext, f := range extensions {
		if strings.HasSuffix(name, ext) {
			return f, c
		}
	}
	return "", c
}

// extensions is the one list of the endings that tell a format.
var extensions = map[string]Format{
	".csv":    FormatCSV,
	".jsonl":  FormatJSONL,
	".ndjson": FormatJSONL,
	".txt":    FormatText,
}

func stripExtensions(base string) string {
	f, c := byName(base)
	if c != plain {
		base = base[:len(base)-len(c)]
	}
	if f != "" {
		base = strings.TrimSuffix(base, path.Ext(base))
	}
	return base
}

// isScheme tells a URL's scheme (RFC 3986, 3.1) from a file whose name happens
// to hold "://".
func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}
