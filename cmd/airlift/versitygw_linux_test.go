package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"airlift/cmd/airlift/exit"
	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/worker/air/airtest"
)

// startVersity starts a versitygw with a bucket "archive" of these objects, which are plain files, and returns its address.
func startVersity(t *testing.T, keys []string) string {
	t.Helper()
	gateway := realTool(t, "versitygw", "`make realservers` builds it")
	root := t.TempDir()
	for _, key := range keys {
		path := filepath.Join(root, "archive", key)
		err := os.WriteFile(path, []byte("x"), 0o600)
		if errors.Is(err, os.ErrNotExist) {
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	address := freePorts(t, 1)[0]
	cmd := exec.Command(gateway, "--port", address, "--quiet", "posix", "--nometa", root)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+testAccessKey, "ROOT_SECRET_KEY="+testSecretKey)
	out, _ := startServer(t, cmd)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	awaitPort(t, address)
	return address
}

// manyKeys are those of an archive: 80 reels of 1,000 takes, a flat folder, assets with a folder each.
func manyKeys() []string {
	var keys []string
	for i := range 80_000 {
		keys = append(keys, fmt.Sprintf("reels/%03d/clip-%05d.mov", i/1000, i))
	}
	for i := range 15_000 {
		keys = append(keys, fmt.Sprintf("stills/img_%06d.jpg", i*3))
	}
	for i := range 2_500 {
		keys = append(keys, fmt.Sprintf("assets/%08x/original.mp4", uint32(i)*2654435761), fmt.Sprintf("assets/%08x/sound.wav", uint32(i)*2654435761))
	}
	slices.Sort(keys)
	return keys
}

// A scan of 100,000 objects is killed with kill -9 again and again, and goes on each time; at the end every object has
// exactly one job.
func TestRealKilledScanOfAHundredThousand(t *testing.T) {
	keys := manyKeys()
	address := startVersity(t, keys)
	var n, fatal atomic.Int64
	kill := make(chan chan struct{}) // takes what is closed when the victim is dead
	server := startProxy(t, "http://"+address, func(*http.Request) {
		if n.Add(1) == fatal.Load() {
			dead := make(chan struct{})
			kill <- dead
			<-dead
		}
	}, nil)

	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", server)
	r.setenv("AIRLIFT_SOURCE_REGION", "us-east-1")
	args := []string{"enqueue", "s3://archive/"}
	for i := range 6 {
		fatal.Store(n.Load() + 12 + 7*int64(i%3))
		p := r.start(args...)
		ended := make(chan result, 1)
		go func() { ended <- p.wait() }()
		var got result
		select {
		case got = <-ended:
		case dead := <-kill:
			p.signal(syscall.SIGKILL)
			got = <-ended
			close(dead)
		}
		if got.code != -1 {
			t.Fatalf("the scan ended by itself with %d:\n%s", got.code, got.stderr)
		}
		s := r.status()
		if !s.Incomplete || s.Rows != s.Added {
			t.Fatalf("after kill %d: %d rows, %d added, incomplete %v", i, s.Rows, s.Added, s.Incomplete)
		}
		t.Logf("kill %d after %d requests: %d rows are stored", i, n.Load(), s.Rows)
	}
	fatal.Store(-1)
	if s := r.status(); s.Rows == 0 || s.Rows == int64(len(keys)) {
		t.Errorf("rows before the last run: got %d, want a part", s.Rows)
	}
	r.run(args...).want(t, exit.OK).says(t, "going on with the scan that broke off")
	r.status().books(t, int64(len(keys)), 0, 0, 0, 0)
	r.run("submit", "--workers", "64").want(t, exit.OK)
	if s := r.status(); s.Submitted != int64(len(keys)) || s.Items != s.Submitted {
		t.Errorf("got %d of %d items submitted, want %d", s.Submitted, s.Items, len(keys))
	}
	r.submittedKeys(keys...)
	r.run("check").want(t, exit.OK)
}

// The speed of a scan beside the SDK's own paginator, direct and with the latency of a distant server. It is printed,
// not asserted: machines differ.
func TestRealScanSpeed(t *testing.T) {
	keys := manyKeys()
	address := startVersity(t, keys)
	for _, latency := range []time.Duration{0, 60 * time.Millisecond} {
		c := s3Client(t, "http://"+delayed(t, address, latency))
		best := map[string]float64{}
		for range 3 {
			for who, list := range map[string]func(*testing.T, *s3.Client) int{"paginator": paginate, "airlift": scanAll} {
				began := time.Now()
				if n := list(t, c); n != len(keys) {
					t.Fatalf("%s: got %d objects, want %d", who, n, len(keys))
				}
				best[who] = max(best[who], float64(len(keys))/time.Since(began).Seconds())
			}
		}
		t.Logf("latency %v: airlift %.0f objects a second, the SDK's paginator %.0f: %.2fx", latency, best["airlift"], best["paginator"], best["airlift"]/best["paginator"])
	}
}

// paginate lists with the SDK alone.
func paginate(t *testing.T, c *s3.Client) (n int) {
	t.Helper()
	p := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("archive")})
	for p.HasMorePages() {
		out, err := p.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		n += len(out.Contents)
	}
	return n
}

// scanAll lists with airlift.
func scanAll(t *testing.T, c *s3.Client) (n int) {
	t.Helper()
	r, err := manifest.Open(context.Background(), "s3://archive/", manifest.Options{S3: c})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var e entry.Entry
	for {
		switch err := r.Read(&e); {
		case errors.Is(err, io.EOF):
			return n
		case err != nil:
			t.Fatal(err)
		}
		n++
	}
}

// delayed returns the address of a proxy behind which answers come later by so much, at no less a rate.
func delayed(t *testing.T, address string, by time.Duration) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", address)
			if err != nil {
				client.Close()
				continue
			}
			go func() { _, _ = io.Copy(server, client); server.Close() }()
			go later(client, server, by)
		}
	}()
	return l.Addr().String()
}

// later copies each piece when its time has come.
func later(to io.WriteCloser, from io.Reader, by time.Duration) {
	type piece struct {
		due  time.Time
		data []byte
	}
	pieces := make(chan piece, 1024)
	go func() {
		defer to.Close()
		for p := range pieces {
			time.Sleep(time.Until(p.due))
			_, _ = to.Write(p.data)
		}
	}()
	defer close(pieces)
	for {
		data := make([]byte, 64<<10)
		n, err := from.Read(data)
		if n > 0 {
			pieces <- piece{time.Now().Add(by), data[:n]}
		}
		if err != nil {
			return
		}
	}
}
