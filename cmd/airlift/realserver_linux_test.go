package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
)

// tools is where `make realservers` builds what the tests start.
const tools = "../../bin/tools"

// realTool returns the path of a program that a test needs. Without it the test is skipped; where the real servers are to
// be tested, it fails. The race detector adds nothing here but minutes.
func realTool(t *testing.T, name, remedy string) string {
	t.Helper()
	must := os.Getenv("AIRLIFT_REAL_S3") != ""
	if raceFlag != "" && !must {
		t.Skip("real S3 servers are tested without the race detector, by `make realservers`")
	}
	path, err := filepath.Abs(filepath.Join(tools, name))
	if err == nil {
		if _, err = os.Stat(path); err != nil {
			path, err = exec.LookPath(name)
		}
	}
	switch {
	case err == nil:
		return path
	case must:
		t.Fatalf("%s is not there: %s", name, remedy)
	}
	t.Skipf("%s is not there: %s", name, remedy)
	return ""
}

// startServer starts a server, whose output goes to a file of the test, in a process group that ends with the test.
// It returns what reads its standard output and the end of its standard input.
func startServer(t *testing.T, cmd *exec.Cmd) (io.Reader, io.Closer) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("the server said:\n%s", text[max(0, len(text)-4000):])
		}
		log.Close()
	})
	return out, in
}

// awaitLine waits for a line of a server's output.
func awaitLine(t *testing.T, out io.Reader, want string) {
	t.Helper()
	found := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != want {
		}
		found <- lines.Text() == want
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case ok := <-found:
		if !ok {
			t.Fatalf("the server ended before it said %q", want)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("the server did not say %q in time", want)
	}
}

// awaitPort waits until a port of this machine takes connections.
func awaitPort(t *testing.T, address string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); ; <-tick.C {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nothing listens on %s: %v", address, err)
		}
	}
}

// freePorts returns addresses on loopback that nobody listens on.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		all = append(all, l.Addr().String())
	}
	return all
}

// s3Client returns a client for a real server.
func s3Client(t *testing.T, url string) *s3.Client {
	t.Helper()
	c, err := s3scan.NewClient(s3scan.ClientConfig{Region: "us-east-1", Endpoint: url, PathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(testAccessKey, testSecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fill puts empty objects into a new bucket.
func fill(t *testing.T, c *s3.Client, bucket string, keys []string) {
	t.Helper()
	ctx := context.Background()
	if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	feed := make(chan string)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for key := range feed {
				if _, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(key)}); err != nil {
					t.Errorf("put %q: %v", key, err)
				}
			}
		})
	}
	for _, key := range keys {
		feed <- key
	}
	close(feed)
	all.Wait()
}

// scanned lists a bucket in this process. With some chances it ends after a page and goes on in another scan.
func scanned(t *testing.T, c *s3.Client, source string, workers int, again func() bool) []string {
	t.Helper()
	var keys []string
	var cursor []byte
	for {
		r, err := manifest.Open(context.Background(), source, manifest.Options{S3: c, ForceScan: true,
			Scan: s3scan.Config{Workers: workers, Cursor: cursor}})
		if err != nil {
			t.Fatal(err)
		}
		cursor = nil
		for err == nil && cursor == nil {
			var e entry.Entry
			if err = r.Read(&e); err == nil {
				keys = append(keys, e.Key)
				if at := r.(manifest.Resumer).Cursor(); at != nil && again() {
					cursor = at
				}
			}
		}
		r.Close()
		if errors.Is(err, io.EOF) {
			slices.Sort(keys)
			return keys
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// compareKeys says how two sorted lists differ.
func compareKeys(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	differ := fmt.Sprintf("%d keys instead of %d", len(got), len(want))
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			differ += fmt.Sprintf(", the first that differs: got %q, want %q", got[i], want[i])
			break
		}
	}
	t.Errorf("%s: %s", what, differ)
}
