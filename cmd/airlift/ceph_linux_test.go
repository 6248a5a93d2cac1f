package main

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// startCeph starts a Ceph RGW and returns its URL.
func startCeph(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"ceph-mon", "ceph-osd", "radosgw", "ceph"} {
		realTool(t, name, "install Debian's radosgw, ceph-mon, ceph-osd, ceph-mgr and ceph-common")
	}
	ports := freePorts(t, 2)
	args := []string{t.TempDir()}
	for _, address := range ports {
		_, port, _ := net.SplitHostPort(address)
		args = append(args, port)
	}
	script, err := filepath.Abs("../../testdata/ceph/start.sh")
	if err != nil {
		t.Fatal(err)
	}
	out, _ := startServer(t, exec.Command(script, append(args, testAccessKey, testSecretKey)...))
	awaitLine(t, out, "ready")
	return "http://" + ports[1]
}

// Against a Ceph RGW: every odd key arrives at AiR byte for byte, and every prefix gives exactly the objects whose keys
// begin with it, in one piece or in many, in one go or in several.
func TestRealCeph(t *testing.T) {
	url := startCeph(t)
	c := s3Client(t, url)
	keys := slices.Clone(oddKeys)
	for _, k := range oddKeys {
		if len(k) < 900 {
			keys = append(keys, "odd/"+k, "odd//"+k)
		}
	}
	for i := range 2300 {
		keys = append(keys, fmt.Sprintf("reels/%04d/%04d.mov", 1990+i/100, i))
	}
	for i := range 1200 {
		keys = append(keys, fmt.Sprintf("reels/flat-%06d.mp4", i*7))
	}
	fill(t, c, "archive", keys)
	if t.Failed() {
		return
	}
	slices.Sort(keys)

	for _, prefix := range []string{"", "reels/", "reels/19", "reels/1999", "reels/1999/", "reels/flat-00", "odd", "odd/", "odd//", "odd///", "/", "//", ".", "./", "none", "a%", "a+"} {
		var want []string
		for _, k := range keys {
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		for _, workers := range []int{1, 16} {
			got := scanned(t, c, "s3://archive/"+prefix, workers, func() bool { return false })
			compareKeys(t, fmt.Sprintf("prefix %q, %d workers", prefix, workers), got, want)
		}
		pages := 0
		got := scanned(t, c, "s3://archive/"+prefix, 4, func() bool { pages++; return pages%2 == 0 })
		compareKeys(t, fmt.Sprintf("prefix %q, going on after every second page", prefix), got, want)
	}

	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", url)
	r.setenv("AIRLIFT_SOURCE_REGION", "us-east-1")
	r.run("run", "s3://archive/", "--take", "empty", "--workers", "64").want(t, exit.OK)
	r.submittedKeys(keys...)
	r.settled(len(keys))
	t.Logf("%d keys, %d of them odd, arrived at AiR as they are", len(keys), len(keys)-3500)
}
