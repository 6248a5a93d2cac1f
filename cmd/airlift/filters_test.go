package main

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Of a bucket each filter takes what it says, and the summary tells why each of the others was left out.
func TestFiltersOfAScan(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	const all = 13
	cases := []struct {
		name  string
		args  string
		want  string
		skips map[string]int64
	}{
		{"by default", "", "big.mov mid.mp4 old.mov small.wav still.png paper.pdf instant.mov a/x.mov",
			map[string]int64{"folder marker": 1, "file type": 1, "zero bytes": 1, "archived": 2}},
		{"all that is left out", "--take folders,empty,archived --all-types", "big.mov mid.mp4 old.mov small.wav still.png paper.pdf instant.mov a/x.mov folder/ notes.txt empty.mov cold.mov deep.mov", map[string]int64{}},
		{"sizes", "--min-size 1K --max-size 1.5KiB", "mid.mp4 old.mov",
			map[string]int64{"folder marker": 1, "file type": 1, "zero bytes": 1, "archived": 2, "too small": 5, "too large": 1}},
		{"ages", "--newer-than 30d --older-than 36h", "a/x.mov",
			map[string]int64{"folder marker": 1, "file type": 1, "zero bytes": 1, "archived": 2, "too old": 1, "too new": 6}},
		{"dates", "--older-than " + now.AddDate(0, 0, -40).Format("2006-01-02"), "old.mov",
			map[string]int64{"folder marker": 1, "file type": 1, "zero bytes": 1, "archived": 2, "too new": 7}},
		{"types", "--types audio,image,.txt", "small.wav still.png notes.txt",
			map[string]int64{"folder marker": 1, "file type": 9}},
		{"files of globs", "--include-from in.lst --exclude-from out.lst", "big.mov old.mov still.png instant.mov a/x.mov",
			map[string]int64{"folder marker": 1, "file type": 1, "not included": 3, "zero bytes": 1, "archived": 2}},
		{"a file of rules", "--filter-from rules.lst", "big.mov old.mov still.png",
			map[string]int64{"folder marker": 1, "file type": 1, "excluded": 7, "zero bytes": 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			s3 := r.withS3()
			for key, size := range map[string]int64{
				"big.mov": 1 << 20, "mid.mp4": 1 << 10, "old.mov": 1536, "small.wav": 1, "still.png": 1, "paper.pdf": 1, "instant.mov": 1, "a/x.mov": 1,
				"folder/": 0, "notes.txt": 1, "empty.mov": 0, "cold.mov": 1, "deep.mov": 1,
			} {
				s3.PutSized("archive", key, size)
				s3.Describe("archive", key, now, "STANDARD")
			}
			s3.Describe("archive", "old.mov", now.AddDate(0, 0, -50), "STANDARD")
			s3.Describe("archive", "a/x.mov", now.AddDate(0, 0, -3), "STANDARD_IA")
			s3.Describe("archive", "instant.mov", now, "GLACIER_IR")
			s3.Describe("archive", "cold.mov", now, "GLACIER")
			s3.Describe("archive", "deep.mov", now, "DEEP_ARCHIVE")
			r.file("in.lst", "# what to take\n*.mov\n\n; and\nstill.png\n")
			r.file("rules.lst", "- a/**\n- {cold,deep,instant}.mov\n+ *.mov\n+ still.png\n- **\n")
			r.file("out.lst", "a/**\n{cold,deep,instant}.mov\n")
			r.run(append([]string{"run", "s3://archive/"}, strings.Fields(c.args)...)...).want(t, exit.OK)
			want := strings.Fields(c.want)
			r.submittedKeys(want...)
			s := r.status()
			s.books(t, int64(len(want)), 0, 0, 0, int64(all-len(want)))
			if !maps.Equal(s.SkippedBy, c.skips) {
				t.Errorf("skipped_by: got %v, want %v", s.SkippedBy, c.skips)
			}
		})
	}
}

// A manifest that tells sizes, dates and storage classes is filtered as a scan is; a cell that is empty tells nothing.
func TestFiltersOfAManifest(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key,size,last_modified,storage_class\n"+
		"archive,a.mov,2048,2026-01-02T03:04:05Z,STANDARD\narchive,empty.mov,0,2026-01-02T03:04:05Z,STANDARD\narchive,cold.mov,2048,2026-01-02T03:04:05Z,GLACIER\n"+
		"archive,instant.mov,2048,2026-02-02T03:04:05Z,GLACIER_IR\narchive,folder/,,,\narchive,plain.mov,,,\narchive,small.txt,1,2026-03-02T03:04:05Z,\n")
	r.run("run", m, "--min-size", "2K", "--older-than", "2026-02-01", "--dry-run").want(t, exit.OK).says(t, "7 = 1 added",
		"1 skipped: archived", "1 skipped: folder marker", "1 skipped: size not known", "1 skipped: too new", "1 skipped: too small", "1 skipped: zero bytes")
	r.run("run", m).want(t, exit.OK)
	r.submittedKeys("a.mov", "instant.mov", "plain.mov", "small.txt")
	r.status().books(t, 4, 0, 0, 0, 3)
	r.run("run", m, "--take", "archived", "--take", "empty").want(t, exit.OK)
	r.settled(6)
}

// A manifest that tells no size is not filtered by size in silence.
func TestFilterOnWhatTheSourceDoesNotTell(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key\narchive,notes.txt\narchive,a.mov\narchive,b.mov\n")
	got := r.run("run", m, "--types", "video", "--max-size", "5G", "--allow-empty").want(t, exit.OK).
		says(t, "2 skipped: size not known", "1 skipped: file type", "m.csv", "line=3")
	if n := strings.Count(got.stderr, "such rows are left out"); n != 1 {
		t.Errorf("%d warnings, want one", n)
	}
	r.run("run", m, "--newer-than", "2d").want(t, exit.Incomplete).says(t, "3 skipped: date not known")
	r.unsent()
	r.run("run", m).want(t, exit.OK)
	r.settled(3)
}

// A share is the same each time, over CSV and scan alike; a number spreads over the whole source.
func TestSample(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	var csv strings.Builder
	csv.WriteString("bucket,key\n")
	const objects = 400
	for i := range objects {
		key := fmt.Sprintf("reels/%03d.mov", i)
		fmt.Fprintf(&csv, "archive,%s\narchive,%s\n", key, key)
		s3.PutSized("archive", key, 1)
	}
	m := r.file("m.csv", csv.String())
	r.run("run", m, "--sample", "10%", "--batch", "share").want(t, exit.OK)
	share := r.jobs()
	if n := len(share); n < 20 || n > 65 {
		t.Errorf("10%% of %d: got %d", objects, n)
	}
	r.run("run", "s3://archive/", "--sample", "10%", "--batch", "share").want(t, exit.OK)
	r.status().books(t, 0, int64(len(share)), 0, 0, int64(objects-len(share)))
	r.settled(len(share))

	r.run("enqueue", m, "--sample", "25", "--batch", "number").want(t, exit.OK)
	got := r.report("number")
	if len(got) != 25 {
		t.Fatalf("sample of 25: got %d items", len(got))
	}
	if first, last := got[0]["key"], got[24]["key"]; first > "reels/200.mov" || last < "reels/200.mov" {
		t.Errorf("the sample is not spread, or not in the source's order: from %s to %s", first, last)
	}
	r.run("run", "s3://archive/", "--sample", "25", "--batch", "number").want(t, exit.OK).says(t, "400 = 0 added + 25 known", "375 skipped: not in the sample")
	r.run("run", m, "--sample", "1000", "--batch", "all", "--dry-run").want(t, exit.OK).says(t, "800 = 400 added", "400 skipped: not in the sample")
}

// The same limit takes the same rows, however often it is run, and reads no further.
func TestLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	s3.SetPageSize(10)
	s3.Put("archive", "0.txt", []byte("x"))
	for i := range 300 {
		s3.PutSized("archive", fmt.Sprintf("%03d.mov", i), 1)
	}
	for range 2 {
		r.run("run", "s3://archive/", "--limit", "5").want(t, exit.OK).says(t, "read no further")
		r.submittedKeys("000.mov", "001.mov", "002.mov", "003.mov", "004.mov")
		r.settled(5)
	}
	r.status().books(t, 0, 5, 0, 0, 1)
	if n := len(s3.Requests()); n > 8 {
		t.Errorf("%d pages were read for 5 objects", n)
	}
	r.run("run", "s3://archive/", "--limit", "7").want(t, exit.OK)
	r.settled(7)
	s := r.run("run", "s3://archive/", "--limit", "3", "--dry-run", "--json").want(t, exit.OK)
	if !strings.Contains(s.stdout, `"known":3,`) || !strings.Contains(s.stdout, `"skipped_by":{"file type":1}`) {
		t.Errorf("dry run: got %s", s.stdout)
	}
	m := r.file("m.csv", "bucket,key\narchive,\narchive,a.mov\narchive,b.mov\n")
	r.run("run", m, "--limit", "1", "--strict").want(t, exit.Usage).says(t, "line 2")
	r.run("run", m, "--limit", "1", "--batch", "m").want(t, exit.Incomplete).says(t, "2 = 1 added")
}

func TestFilterFlagsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 1)
	r.file("bad.lst", "*.mov\n\n[\n")
	r.file("empty.lst", "# nothing\n")
	for line, says := range map[string]string{
		"--include-from bad.lst": "--include-from: bad.lst: line 3", "--exclude-from nosuch.lst": "nosuch.lst", "--include-from empty.lst": "holds no pattern",
		"--min-size 5X": "--min-size", "--min-size 10MB": "write 10MiB", "--max-size 0": "takes nothing", "--min-size 2M --max-size 1M": "nothing could be taken",
		"--newer-than 7": "--newer-than: \"7\" says no unit", "--older-than yesterday": "--older-than", "--newer-than 1d --older-than 2d": "nothing can be newer",
		"--types vidoe": "vidoe", "--types video --all-types": "exclude each other", "--take all": "--take", "--sample 0": "--sample", "--sample 5 --limit 5": "leave one out", "--limit -1": "--limit",
	} {
		r.run(append([]string{"run", m}, strings.Fields(line)...)...).want(t, exit.Usage).says(t, says)
	}
	r.run("run", m, "--min-size", "x", "--sample", "x").want(t, exit.Usage).says(t, "--min-size", "--sample")
	r.unsent()
	r.noQueue()
}
