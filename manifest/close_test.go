package manifest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.uber.org/goleak"

	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
	"airlift/manifest/s3test"
)

// readOn reads in another goroutine, as a reading does, and returns what ended it.
func readOn(r Reader) <-chan error {
	ended := make(chan error, 1)
	go func() {
		for {
			if err := r.Read(new(entry.Entry)); err != nil {
				ended <- err
				return
			}
		}
	}()
	return ended
}

// closedWhileReading closes a reader whose Read waits for data, and wants that
// Read to end, and no goroutine to be left.
func closedWhileReading(t *testing.T, r Reader) {
	t.Helper()
	ended := readOn(r)
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, fs.ErrClosed) {
		t.Errorf("the Read: got %v, want fs.ErrClosed", err)
	}
	if err := r.Read(new(entry.Entry)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a Read after it: got %v, want fs.ErrClosed", err)
	}
}

// flushed compresses a text without ending the stream.
func flushed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCloseEndsReads: a source may give nothing for ever, and its reading can end
// all the same.
func TestCloseEndsReads(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, format := range []string{"csv", "csv.gz", "jsonl", "txt"} {
		rows := strings.Repeat("b,a\n", 20) // more than are looked at to recognize the format
		text := map[string]string{"csv": rows, "csv.gz": flushed(t, rows), "jsonl": `{"bucket":"b","key":"a"}` + "\n", "txt": rows}[format]
		t.Run("a named pipe, "+format, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "rows."+format)
			mkfifo(t, name)
			writer, err := os.OpenFile(name, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer writer.Close()
			if _, err := writer.WriteString(text); err != nil {
				t.Fatal(err)
			}
			r, err := Open(context.Background(), name, Options{SourceBucket: "b"})
			if err != nil {
				t.Fatal(err)
			}
			closedWhileReading(t, r)
		})
	}
	t.Run("standard input", func(t *testing.T) {
		stdin, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		defer writer.Close()
		if _, err := writer.WriteString(strings.Repeat("b,a\n", 20)); err != nil {
			t.Fatal(err)
		}
		r, err := Open(context.Background(), "-", Options{Format: FormatCSV, Stdin: stdin})
		if err != nil {
			t.Fatal(err)
		}
		closedWhileReading(t, r)
	})
}

// TestCloseEndsRequests does so at a server that gives nothing: a bubble ends only
// with all its goroutines.
func TestCloseEndsRequests(t *testing.T) {
	server := s3test.New(t)
	server.SetPageSize(10)
	for i := range 100 {
		server.PutSized("media", fmt.Sprintf("%03d", i), 1)
	}
	row := "b,a\n"
	for len(row) < 1000 {
		row += row
	}
	server.Put("lists", "a.csv", []byte(row))
	for _, source := range []string{"s3://media/", "s3://lists/a.csv"} {
		t.Run(source, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &direct{server: server, stalls: 1}
				if source == "s3://media/" {
					d.stalls = 4
				}
				c, err := s3scan.NewClient(s3scan.ClientConfig{Region: "r", Endpoint: "https://s3.example", PathStyle: true,
					Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), HTTPClient: d})
				if err != nil {
					t.Fatal(err)
				}
				r, err := Open(context.Background(), source, Options{S3: c, Scan: s3scan.Config{Workers: 1}})
				if err != nil {
					t.Fatal(err)
				}
				ended := readOn(r)
				synctest.Wait() // it stands still
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if err := <-ended; !errors.Is(err, fs.ErrClosed) {
					t.Errorf("the Read: got %v, want fs.ErrClosed", err)
				}
			})
		})
	}
}

// TestCloseOfACopy closes an inventory whose part is being copied.
func TestCloseOfACopy(t *testing.T) {
	part := []byte("\"media\",\"a\"\n")
	server := s3test.New(t)
	server.Put("lists", "manifest.json", manifestJSON("CSV", "Bucket, Key", []string{"p.csv"}, [][]byte{part}))
	server.Put("lists", "p.csv", part)
	synctest.Test(t, func(t *testing.T) {
		c, err := s3scan.NewClient(s3scan.ClientConfig{Region: "r", Endpoint: "https://s3.example", PathStyle: true,
			Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), HTTPClient: &direct{server: server, stalls: 2}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(context.Background(), "s3://lists/manifest.json", Options{S3: c})
		if err != nil {
			t.Fatal(err)
		}
		ended := readOn(r)
		synctest.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, fs.ErrClosed) || errors.Is(err, io.EOF) {
			t.Errorf("the Read: got %v, want fs.ErrClosed", err)
		}
	})
}
