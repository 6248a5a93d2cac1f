package inventory

import (
	"context"
	"crypto/md5" // #nosec: S3 Inventory's own checksum
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"airlift/manifest/s3scan"
)

// fetchPartAgain is the remedy for a part that is not what it should be.
const fetchPartAgain = "fetch it again and run the same command"

// partError says what is wrong with a part, and what to do.
type partError struct {
	err    error
	remedy string
}

func (e *partError) Error() string { return e.err.Error() }
func (e *partError) Unwrap() error { return e.err }

// partFile is a part that was checked, as a local file.
type partFile struct {
	*os.File
	size int64
	temp bool // it is a copy, to be removed
}

// Close also removes the copy.
func (f *partFile) Close() error {
	err := f.File.Close()
	if f.temp {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// localParts returns a function that finds the parts of a local manifest.json: under
// their whole key below its folder, beside it, in its data folder, or in the data
// folder beside its folder, where S3 writes them. The first that exists is taken.
func localParts(manifest string) func(part) (string, error) {
	dir := filepath.Dir(manifest)
	return func(p part) (string, error) {
		base := path.Base(p.Key)
		var places []string
		if local := filepath.FromSlash(p.Key); filepath.IsLocal(local) {
			places = append(places, filepath.Join(dir, local))
		}
		if filepath.IsLocal(base) && base != "." {
			places = append(places, filepath.Join(dir, base), filepath.Join(dir, "data", base), filepath.Join(filepath.Dir(dir), "data", base))
		}
		for _, name := range slices.Compact(places) {
			switch info, err := os.Stat(name); {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return "", err
			case info.IsDir():
			case p.Size != nil && info.Size() != *p.Size:
				return "", wrongSize(name, info.Size(), *p.Size)
			default:
				return name, nil
			}
		}
		return "", &partError{fmt.Errorf("is missing (%w)", fs.ErrNotExist),
			fmt.Sprintf("put it beside the manifest.json, or into the folder data there; it was looked for at %s", strings.Join(places, ", "))}
	}
}

func wrongSize(where string, got, want int64) error {
	what := "is another or a damaged one"
	if got < want {
		what = "is cut off"
	}
	return &partError{fmt.Errorf("%s: %s has %d bytes, and the manifest.json says %d", what, where, got, want), fetchPartAgain}
}

// openLocalPart opens a file and checks it.
func openLocalPart(name string, p part) (*partFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	part := &partFile{File: f}
	if p.MD5 == "" {
		info, err := f.Stat()
		if err != nil {
			part.Close()
			return nil, err
		}
		part.size = info.Size()
		return part, nil
	}
	return part, part.check(name, p, f, io.Discard)
}

// check reads a part from one place to another, compares it with what the manifest.json says, and seeks its beginning. After
// an error the part is closed.
func (f *partFile) check(where string, p part, from io.Reader, to io.Writer) (err error) {
	sum := md5.New()
	if f.size, err = io.Copy(io.MultiWriter(to, sum), from); err == nil {
		if err = checkPart(where, p, f.size, sum); err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
	}
	if err != nil {
		f.Close()
	}
	return err
}

// checkPart compares what was read of a part with what the manifest.json says.
func checkPart(where string, p part, size int64, sum hash.Hash) error {
	if p.Size != nil && size != *p.Size {
		return wrongSize(where, size, *p.Size)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); p.MD5 != "" && !strings.EqualFold(got, p.MD5) {
		return &partError{fmt.Errorf("is another or a damaged one: %s has the MD5 checksum %s, and the manifest.json says %s", where, got, strings.ToLower(p.MD5)), fetchPartAgain}
	}
	return nil
}

// s3Parts returns a function that copies parts from the inventory's destination
// bucket, or, if that does not exist, from the bucket of the manifest.json.
func s3Parts(ctx context.Context, client s3scan.Client, bucket string, inv *document) func(part) (*partFile, error) {
	buckets := slices.Compact([]string{inv.destination(), bucket})
	if buckets[0] == "" {
		buckets = buckets[1:]
	}
	return func(p part) (*partFile, error) {
		var first error
		for _, b := range buckets {
			f, err := copyPart(ctx, client, b, p)
			if err == nil {
				return f, nil
			}
			if first == nil {
				first = err
			}
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != "NoSuchKey" && api.ErrorCode() != "NoSuchBucket" {
				return nil, err
			}
		}
		return nil, first
	}
}

// copyPart copies a part into a temporary file and checks it.
func copyPart(ctx context.Context, client s3scan.Client, bucket string, p part) (*partFile, error) {
	where := "s3://" + bucket + "/" + p.Key
	body, closeBody, err := s3scan.GetObject(ctx, client, bucket, p.Key)
	if err != nil {
		reason, remedy := s3scan.Explain(err, bucket)
		return nil, &partError{fmt.Errorf("cannot be read from the bucket %s: %w", bucket, reason), remedy}
	}
	defer closeBody()
	f, err := os.CreateTemp("", "airlift-inventory-*")
	if err != nil {
		return nil, fmt.Errorf("make room for a copy: %w", err)
	}
	part := &partFile{File: f, temp: true}
	return part, part.check(where, p, body, f)
}
