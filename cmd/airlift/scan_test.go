package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/manifest/s3test"
	"airlift/worker/air/airtest"
)

// withS3 gives the rig an S3 server and the settings to scan it.
func (r *rig) withS3() *s3test.Server {
	r.t.Helper()
	s := s3test.New(r.t)
	s.SetAccessKey(testAccessKey)
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", s.URL)
	r.setenv("AIRLIFT_SOURCE_REGION", "eu-central-1")
	return s
}

// oddKeys are keys that something on the way might alter.
var oddKeys = []string{
	"//two slashes.mov", "./dot.mov", "../up.mov", "a/../b.mov", "a//b.mov", "/leading.mov", "trailing space .mov", " leading space.mov",
	"control\x01.mov", "tab\t.mov", "new\nline.mov", "carriage\rreturn.mov", "cr\r\nlf.mov", "del\x7f.mov",
	"a+b.mov", "a%2Bb.mov", "a%b.mov", "%.mov", "a&b=c?d#e.mov", "semi;colon,comma.mov", "back\\slash.mov",
	`"quoted".mov`, `'single'.mov`, "<tag>&amp;.mov", "=1+1.mov", "-dash.mov", "@at.mov",
	"Größe/Übung ä.mov", "u\u0308.mov", "日本語/動画.mov", "видео.mov", "🎬/👩‍👩‍👧.mov", "\ufeffbom.mov", "line\u2028separator.mov",
	strings.Repeat("long/", 180) + "x.mov", strings.Repeat("ü", 510) + ".mov", "UPPER.MOV", "many.dots.in.name.mp4", ".mov",
}

// Every media object of a bucket gets one job, its key as it is; the others are skipped and counted.
func TestScanSubmitsEveryMediaObjectOnce(t *testing.T) {
	t.Parallel()
	const objects, markers, others = 2500, 40, 160
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	media := slices.Clone(oddKeys)
	for i := len(media); i < objects-markers-others; i++ {
		media = append(media, fmt.Sprintf("reels/%02d/clip %04d.%s", i%7, i, []string{"mp4", "wav", "PDF", "jpeg"}[i%4]))
	}
	for i, key := range media {
		s3.PutSized("archive", key, int64(i+1))
	}
	for i := range markers {
		s3.Put("archive", fmt.Sprintf("reels/%02d.mov/", i), nil)
	}
	for i := range others {
		s3.Put("archive", fmt.Sprintf("notes/%03d.txt", i), []byte("x"))
	}
	r.run("run", "s3://archive/").want(t, exit.OK).says(t, "40 skipped: folder marker", "160 skipped: file type")
	r.submittedKeys(media...)
	r.status().books(t, int64(len(media)), 0, 0, 0, markers+others)
	for _, j := range r.air.Jobs()[:10] {
		if j.Source.Bucket != "archive" || j.Source.Region != "eu-central-1" {
			t.Errorf("source: got %+v", j.Source)
		}
	}
	posts := r.air.Posts()
	r.run("run", "s3://archive/").want(t, exit.OK)
	if got := r.air.Posts() - posts; got != 0 {
		t.Errorf("POSTs of the rerun: got %d, want none", got)
	}
	r.status().books(t, 0, int64(len(media)), 0, 0, markers+others)
	r.settled(len(media))
	s3.Put("archive", "new.mov", []byte("x"))
	r.run("run", "s3://archive/").want(t, exit.OK)
	r.settled(len(media) + 1)
}

func TestScanFilters(t *testing.T) {
	t.Parallel()
	keys := []string{"a/1.mov", "a/2.mp4", "a/readme.txt", "b/1.mov", "b/b/3.mov", "b/"}
	cases := []struct {
		name  string
		args  []string
		want  []string
		skips int64
	}{
		{"all types", []string{"s3://archive/", "--all-types"}, []string{"a/1.mov", "a/2.mp4", "a/readme.txt", "b/1.mov", "b/b/3.mov"}, 1},
		{"a prefix", []string{"s3://archive/b/"}, []string{"b/1.mov", "b/b/3.mov"}, 1},
		{"a prefix within a name", []string{"s3://archive/b/b"}, []string{"b/b/3.mov"}, 0},
		{"include by name", []string{"s3://archive/", "--include", "1.*"}, []string{"a/1.mov", "b/1.mov"}, 4},
		{"include twice", []string{"s3://archive/", "--include", "a/*", "--include", "**/3.mov"}, []string{"a/1.mov", "a/2.mp4", "b/b/3.mov"}, 3},
		{"include comes first", []string{"s3://archive/", "--include", "/b/*", "--exclude", "b/b/*"}, []string{"b/1.mov"}, 5},
		{"rules in their order", []string{"s3://archive/", "--filter", "- b/b/", "--filter", "+ b/**", "--filter", "- *"}, []string{"b/1.mov"}, 5},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			s3 := r.withS3()
			for _, key := range keys {
				s3.Put("archive", key, []byte("x"))
			}
			r.run(append([]string{"run"}, c.args...)...).want(t, exit.OK)
			r.submittedKeys(c.want...)
			r.status().books(t, int64(len(c.want)), 0, 0, 0, c.skips)
		})
	}
}

// What is wrong with the access to a bucket is said in the user's words, and nothing is sent.
func TestScanThatCannotBegin(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		source string
		spoil  func(*rig, *s3test.Server)
		says   []string
	}{
		{"no such bucket", "s3://nosuch/", func(*rig, *s3test.Server) {}, []string{`the bucket "nosuch" does not exist`, "check the bucket's name"}},
		{"access key not known", "s3://archive/", func(_ *rig, s *s3test.Server) { s.SetAccessKey("another") }, []string{"the access key is not known", "WASABI_ACCESS_KEY"}},
		{"no rights", "s3://archive/", func(_ *rig, s *s3test.Server) { s.SetFault(s3test.AccessDenied, 0) }, []string{"access is denied", "s3:ListBucket"}},
		{"another region", "s3://archive/", func(_ *rig, s *s3test.Server) { s.SetFault(s3test.Redirect, 0) }, []string{"another region", "--source-region"}},
		{"a web page", "s3://archive/", func(_ *rig, s *s3test.Server) { s.SetFault(s3test.HTML, 0) }, []string{"not S3's answer", "--source-endpoint"}},
		{"no such manifest", "s3://archive/lists/day.csv", func(*rig, *s3test.Server) {}, []string{"the object does not exist", "check the key"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			s := r.withS3()
			s.Put("archive", "a.mov", []byte("x"))
			c.spoil(r, s)
			r.run("run", c.source).want(t, exit.Unexpected).says(t, append(c.says, c.source)...)
			r.unsent()
			r.run("run", c.source, "--dry-run").want(t, exit.Unexpected).says(t, c.says...)
		})
	}
}

func TestScanOfAnEmptyBucket(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.withS3().MakeBucket("archive")
	r.run("run", "s3://archive/").want(t, exit.Incomplete).says(t, "s3://archive/ lists no object")
	r.run("run", "s3://archive/", "--allow-empty").want(t, exit.OK)
	r.unsent()
}

// What was listed before a listing broke off is submitted, the reading is not complete, and the next run goes on with it
// and completes it.
func TestListingThatBreaksOff(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]s3test.Fault{"refused": s3test.AccessDenied, "no token": s3test.NoToken, "a web page": s3test.HTML} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			s := r.withS3()
			s.SetPageSize(50)
			for i := range 180 {
				s.Put("archive", fmt.Sprintf("%04d.mov", i), []byte("x"))
			}
			s.SetFault(fault, 2)
			r.run("run", "s3://archive/", "--scan-workers", "1").want(t, exit.Incomplete).says(t, "the listing broke off after 100", "the latest reading is incomplete")
			if n := r.air.Accepted(); n != 100 {
				t.Errorf("jobs: got %d, want those of the pages that came", n)
			}
			s.SetFault(s3test.NoFault, 0)
			r.run("run", "s3://archive/").want(t, exit.OK).says(t, "going on with the scan that broke off")
			r.settled(180)
			r.status().books(t, 180, 0, 0, 0, 0)
		})
	}
}

func TestManifestInABucket(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s := r.withS3()
	s.Put("lists", "day one.csv.gz", []byte(gzipped(t, "bucket,key\narchive,a.mov\narchive,\"b,c.mov\"\n")))
	s.Put("lists", "list", []byte("bucket,key\narchive,d.mov\n"))
	r.run("run", "s3://lists/day one.csv.gz").want(t, exit.OK)
	r.submittedKeys("a.mov", "b,c.mov")
	r.settled(2)
	r.run("run", "s3://lists/list", "--manifest", "--format", "csv").want(t, exit.OK)
	r.submittedKeys("a.mov", "b,c.mov", "d.mov")
	// Without --manifest the same is a scan, and --scan makes a scan of what is named like a manifest.
	r.run("run", "s3://lists/day one.csv.gz", "--scan", "--all-types", "--batch", "scan").want(t, exit.OK)
	r.submittedKeys("a.mov", "b,c.mov", "d.mov", "day one.csv.gz")
}

func TestScanOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.withS3().Put("archive", "a.mov", []byte("x"))
	r.run("run", "s3://archive/", "--scan", "--manifest").want(t, exit.Usage).says(t, "exclude each other")
	r.run("run", "s3://archive/", "--manifest").want(t, exit.Usage).says(t, "names no object")
	r.run("run", "s3://archive/", "--include", "[").want(t, exit.Usage).says(t, "--include", "no valid pattern")
	r.run("run", r.manifest("m.csv", 1), "--scan").want(t, exit.Usage).says(t, "--scan")
	r.run("run", "s3:///x").want(t, exit.Usage).says(t, "not a bucket name")
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", "http://s3.example.com")
	r.run("run", "s3://archive/").want(t, exit.Usage).says(t, "not https")
	r.unsent()
	r.noQueue()
}
