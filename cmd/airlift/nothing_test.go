package main

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// inventoryListing returns the manifest.json of an S3 Inventory with the files given as JSON.
func inventoryListing(files string) string {
	return `{"sourceBucket":"archive","destinationBucket":"arn:aws:s3:::lists","version":"2016-11-30","creationTimestamp":"1","fileFormat":"CSV","fileSchema":"Bucket, Key, IsLatest, IsDeleteMarker","files":[` + files + `]}`
}

// A source in which nothing is found is most probably not the one that was meant: a warning names it, and the exit code
// is 4 for all commands that read, unless --allow-empty.
func TestNothingFoundIsNoSuccess(t *testing.T) {
	t.Parallel()
	marker := gzipped(t, "\"archive\",\"a.mov\",\"true\",\"true\"\n")
	sum := md5.Sum([]byte(marker))
	for _, c := range []struct {
		name, file, content string
		args                []string
		says                string
	}{
		{"a CSV with a header alone", "m.csv", "bucket,key\n", nil, "m.csv has no row"},
		{"a header and blank lines, compressed", "m.csv.gz", gzipped(t, "\ufeffbucket;key\r\n\r\n"), nil, "m.csv.gz has no row"},
		{"a title and a header", "m.csv", "Export of today\nbucket,key,notes\n", nil, "m.csv has no row"},
		{"text with a header alone", "m.txt", "key\n", nil, "m.txt has no row"},
		{"an inventory without files", "manifest.json", inventoryListing(""), nil, "manifest.json has no row"},
		{"an inventory of delete markers", "manifest.json", inventoryListing(fmt.Sprintf(`{"key":"d/p.csv.gz","size":%d,"MD5checksum":%q}`, len(marker), hex.EncodeToString(sum[:]))), nil, "the filters leave nothing of the 1 rows"},
		{"an include that matches nothing", "m.csv", goodCSV, []string{"--include", "*.mxf"}, "the filters leave nothing of the 2 rows"},
		{"an exclude of all", "m.jsonl", `{"bucket":"archive","key":"a.mov"}` + "\n", []string{"--exclude", "**"}, "the filters leave nothing of the 1 rows"},
		{"a size that none has", "m.csv", "bucket,key,size\narchive,a.mov,5\n", []string{"--min-size", "1M"}, "the filters leave nothing"},
		{"folders alone", "m.txt", "reels/\nstills/\n", []string{"--source-bucket", "archive"}, "the filters leave nothing"},
		{"a list of mc with folders alone", "m.jsonl", `{"status":"success","type":"folder","lastModified":"2026-11-01T10:00:00Z","size":0,"key":"2024/","etag":"","url":"http://127.0.0.1:9000/archive/"}` + "\n", nil, "the filters leave nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.file("p.csv.gz", marker)
			args := append([]string{r.file(c.file, c.content), "--batch", "b"}, c.args...)
			for _, command := range [][]string{{"run"}, {"enqueue"}, {"plan"}, {"run", "--dry-run"}, {"run", "--strict"}, {"run", "--json"}} {
				r.run(append(command, args...)...).want(t, exit.Incomplete).says(t, c.says, "--allow-empty")
			}
			r.run(append([]string{"run", "--allow-empty"}, args...)...).want(t, exit.OK)
			r.setenv("AIRLIFT_ALLOW_EMPTY", "true")
			r.run(append([]string{"enqueue"}, args...)...).want(t, exit.OK)
			r.setenv("AIRLIFT_ALLOW_EMPTY", "")
			r.config("allow_empty = true\n")
			r.run(append([]string{"plan"}, args...)...).want(t, exit.OK)
			r.unsent()
		})
	}
}

// A scan that lists no object, and filters that leave none of it, are told from one whose objects are all known, sent
// under another batch, or too old: nothing new is success.
func TestNothingNewIsSuccess(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	s3.Put("archive", "reels/a.mov", []byte("x"))
	s3.Put("archive", "notes/a.md", []byte("x"))
	r.run("run", "s3://archive/none/", "--batch", "b").want(t, exit.Incomplete).says(t, "s3://archive/none/ lists no object")
	r.run("run", "s3://archive/none/", "--batch", "b", "--changed").want(t, exit.Incomplete)
	r.run("run", "s3://archive/none/", "--batch", "b", "--changed", "--allow-empty").want(t, exit.OK)
	r.run("run", "s3://archive/notes/", "--batch", "b").want(t, exit.Incomplete).says(t, "the filters leave nothing of the 1 rows or objects of s3://archive/notes/")
	r.run("run", "s3://archive/", "--batch", "b").want(t, exit.OK)
	for _, args := range [][]string{{}, {"--changed"}, {"--newer-than", "2199-01-01"}} {
		r.run(append([]string{"run", "s3://archive/", "--batch", "b"}, args...)...).want(t, exit.OK)
	}
	r.run("run", "s3://archive/", "--batch", "other", "--since-batch", "b").want(t, exit.OK)
	r.run("run", r.file("r.csv", r.run("report", "b").stdout), "--batch", "third").want(t, exit.OK).says(t, "1 skipped: already sent")
	// One of several sources that is empty is named; the others are submitted.
	r.run("run", "s3://archive/nosuch/", r.file("m.csv", "bucket,key\narchive,c.mov\n"), "--batch", "fourth").want(t, exit.Incomplete).says(t, "s3://archive/nosuch/ lists no object")
	if _, ok := r.jobs()["c.mov"]; !ok {
		t.Error("the source beside an empty one was not submitted")
	}
	r.run("adopt", "b", "s3://archive/nosuch/").want(t, exit.Incomplete).says(t, "s3://archive/nosuch/ lists no object")
}

// An empty file is an error, and with --allow-empty as good as a manifest without a row.
func TestEmptyFileIsAllowed(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "\n")
	r.run("run", m).want(t, exit.Unexpected).says(t, "is empty")
	r.run("run", m, "--allow-empty").want(t, exit.OK)
	r.runIn("", "run", "-", "--format", "text", "--batch", "b", "--allow-empty").want(t, exit.OK)
}

// What a process has open has a name that says nothing of what it holds: unrelated lists would share a batch.
func TestPipesNeedABatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	piped := func(path string, args ...string) result {
		t.Helper()
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := r.command(append([]string{"run", path, "--format", "csv"}, args...)...)
		cmd.Stdin = read
		cmd.ExtraFiles = []*os.File{read} // 3
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if _, err := write.WriteString(goodCSV); err != nil {
			t.Fatal(err)
		}
		_ = write.Close()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = read.Close()
		_ = cmd.Wait()
		return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
	}
	link := filepath.Join(r.dir, "link.csv")
	if err := os.Symlink("/dev/stdin", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/dev/fd/3", "/dev/stdin", "/proc/self/fd/3", "/dev/fd/../fd/0", link} {
		piped(path).want(t, exit.Usage).says(t, "--batch", "AIRLIFT_BATCH", path)
	}
	r.unsent()
	r.noQueue()
	piped("/dev/fd/3", "--batch", "b", "--strict").want(t, exit.Usage).says(t, "--strict")
	piped("/dev/fd/3", "--batch", "b").want(t, exit.OK)
	r.settled(2)
	if r.status().Batch != "b" {
		t.Errorf("batch: got %q", r.status().Batch)
	}
	// A file in memory is a file.
	if f, err := os.CreateTemp("/dev/shm", "airlift-*.csv"); err == nil {
		defer os.Remove(f.Name())
		_, _ = f.WriteString("bucket,key\narchive,new.mov\n")
		_ = f.Close()
		r.run("run", f.Name(), "--dry-run").want(t, exit.OK)
	}
}

// Further columns are bounded in number, in one source, several, and later readings of one batch.
func TestFurtherColumnsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	many := func(from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, `{"bucket":"archive","key":"%d.mov","c%d":"x"}`+"\n", i, i)
		}
		return b.String()
	}
	first, second := r.file("a.jsonl", many(0, 1500)), r.file("b.jsonl", many(1500, 3000))
	r.run("enqueue", first, second, "--batch", "b").want(t, exit.Incomplete).
		says(t, "3,000 = 2,000 added", "1,000 rejected", second+": line 501", `"c2000" is one too many`, "at most 2000 further columns")
	report := r.run("report", "b").want(t, exit.OK).stdout
	head, _, _ := strings.Cut(report, "\n")
	if n := strings.Count(head, ",") + 1; n != 11+2000 {
		t.Errorf("columns of the report: got %d, want %d", n, 11+2000)
	}
	r.run("enqueue", r.file("later.csv", "bucket,key,c7,c1999\narchive,later.mov,1,2\n"), "--batch", "b").want(t, exit.OK)
	r.run("enqueue", r.file("more.csv", "bucket,key,c7,c2000\narchive,more.mov,1,2\n"), "--batch", "b").want(t, exit.Incomplete).says(t, "1 rejected", "more.csv: line 2", `"c2000" is one too many`)
	r.run("enqueue", r.file("more.csv", "bucket,key,c7,c2000\narchive,more.mov,1,2\n"), "--batch", "b", "--strict").want(t, exit.Usage).says(t, `"c2000" is one too many`)
	var wide strings.Builder
	wide.WriteString("bucket,key")
	for i := range 100_000 {
		fmt.Fprintf(&wide, ",c%d", i)
	}
	wide.WriteString("\n" + strings.Repeat("archive,a.mov"+strings.Repeat(",x", 100_000)+"\n", 20))
	m := r.file("wide.csv", wide.String())
	r.run("run", m, "--batch", "wide").want(t, exit.Unexpected).says(t, "wide.csv: line 1", "100000 further columns", "at most 2000")
	_, rows, _ := strings.Cut(wide.String(), "\n")
	r.run("run", r.file("rows.csv", rows), "--batch", "wide", "--columns", "bucket=1,key=2").want(t, exit.Unexpected).says(t, "at most 2000")
	r.unsent()
	r.run("check").want(t, exit.OK)
}
