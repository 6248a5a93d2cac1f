package manifest

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"airlift/manifest/entry"
)

// listed is a row of an inventory, as Parquet has it.
type listed struct {
	Bucket         string     `parquet:"bucket"`
	Key            string     `parquet:"key"`
	VersionID      *string    `parquet:"version_id,optional"`
	IsLatest       *bool      `parquet:"is_latest,optional"`
	IsDeleteMarker *bool      `parquet:"is_delete_marker,optional"`
	Size           *int64     `parquet:"size,optional"`
	LastModified   *time.Time `parquet:"last_modified_date,optional,timestamp(millisecond)"`
	ETag           *string    `parquet:"e_tag,optional"`
	StorageClass   *string    `parquet:"storage_class,optional"`
	Replication    *string    `parquet:"replication_status,optional"`
}

const csvSchema = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass, ReplicationStatus"

// csvPartOf writes rows as S3 does: every cell in quotes, the key URL-encoded.
func csvPartOf(rows []listed) []byte {
	var b strings.Builder
	for _, r := range rows {
		cells := []string{r.Bucket, strings.ReplaceAll(url.QueryEscape(r.Key), "%2F", "/"), str(r.VersionID), "", "", "", "", str(r.ETag), str(r.StorageClass), str(r.Replication)}
		if r.IsLatest != nil {
			cells[3] = strconv.FormatBool(*r.IsLatest)
		}
		if r.IsDeleteMarker != nil {
			cells[4] = strconv.FormatBool(*r.IsDeleteMarker)
		}
		if r.Size != nil {
			cells[5] = strconv.FormatInt(*r.Size, 10)
		}
		if r.LastModified != nil {
			cells[6] = r.LastModified.Format("2006-01-02T15:04:05.000Z")
		}
		fmt.Fprintf(&b, "\"%s\"\n", strings.Join(cells, `","`))
	}
	return []byte(gzipped(b.String()))
}

func parquetPartOf(tb testing.TB, rows []listed) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[listed](&b, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(1000), parquet.PageBufferSize(4096))
	if _, err := w.Write(rows); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// manifestJSON makes the manifest.json of some parts, by their keys.
func manifestJSON(format, schema string, keys []string, parts [][]byte) []byte {
	files := []map[string]any{}
	for i, p := range parts {
		sum := md5.Sum(p)
		files = append(files, map[string]any{"key": keys[i], "size": len(p), "MD5checksum": hex.EncodeToString(sum[:])})
	}
	doc, err := json.MarshalIndent(map[string]any{
		"sourceBucket": "media", "destinationBucket": "arn:aws:s3:::lists", "version": "2016-11-30", "creationTimestamp": "1514944800000",
		"fileFormat": format, "fileSchema": schema, "files": files,
	}, "", "    ")
	if err != nil {
		panic(err)
	}
	return append(doc, '\n')
}

// writeInventory writes an inventory as S3 lays it out and gives the name of its manifest.json.
func writeInventory(tb testing.TB, parquet bool, parts ...[]listed) string {
	tb.Helper()
	root := tb.TempDir()
	var keys []string
	var bodies [][]byte
	for i, rows := range parts {
		name, body := fmt.Sprintf("data/part-%d.csv.gz", i), []byte(nil)
		if parquet {
			name, body = fmt.Sprintf("data/part-%d.parquet", i), parquetPartOf(tb, rows)
		} else {
			body = csvPartOf(rows)
		}
		keys, bodies = append(keys, "inventories/media/all/"+name), append(bodies, body)
		writeFile(tb, filepath.Join(root, name), body)
	}
	manifest := filepath.Join(root, "2018-01-03T00-00Z", "manifest.json")
	doc := manifestJSON("CSV", csvSchema, keys, bodies)
	if parquet {
		doc = manifestJSON("Parquet", "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); }", keys, bodies)
	}
	writeFile(tb, manifest, doc)
	return manifest
}

func writeFile(tb testing.TB, name string, body []byte) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, body, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// openAll opens and reads a source.
func openAll(tb testing.TB, source string, o Options) (all []entry.Entry, rejected []*entry.RowError, end error) {
	tb.Helper()
	r, err := Open(context.Background(), source, o)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	return readAll(tb, r)
}

func ptr[T any](v T) *T { return &v }
