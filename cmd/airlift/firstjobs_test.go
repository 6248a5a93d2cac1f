package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// firstSources hold ten objects, the first of which have the keys a/0.mov and following.
func firstSources(r *rig) map[string][]string {
	s3 := r.withS3()
	csv, jsonl, txt := "bucket,key,services\n", "", ""
	for i := range 10 {
		csv += fmt.Sprintf("archive,a/%d.mov,\n", i)
		jsonl += fmt.Sprintf(`{"Source":{"Bucket":"archive","ObjectKey":"a/%d.mov"}}`+"\n", i)
		txt += fmt.Sprintf("a/%d.mov\n", i)
		s3.Put("archive", fmt.Sprintf("a/%d.mov", i), []byte("x"))
	}
	return map[string][]string{
		"csv":   {r.file("m.csv", csv)},
		"gzip":  {r.file("z.csv.gz", gzipped(r.t, csv))},
		"jsonl": {r.file("m.jsonl", jsonl)},
		"txt":   {r.file("m.txt", txt), "--source-bucket", "archive"},
		"scan":  {"s3://archive/a/"},
	}
}

// What will be sent is seen before it is: by plan, by a dry run and in the first moments of a run.
func TestTheFirstJobsAreShown(t *testing.T) {
	t.Parallel()
	var path, first atomic.Pointer[string] // where standard error goes, and what it is when the first POST arrives
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if from := path.Load(); q.Method == "POST" && from != nil && first.Load() == nil {
			if b, err := os.ReadFile(*from); err == nil {
				text := string(b)
				first.CompareAndSwap(nil, &text)
			}
		}
		return airtest.Fault{}
	}})
	r.setenv("AIRLIFT_SERVICES", `{"ocr":{"config":{"lang":"de"}}}`)
	const services = `{"ocr":{"config":{"lang":"de"}}}`
	for name, args := range firstSources(r) {
		run := append([]string{"run"}, args...)
		run = append(run, "--batch", "b-"+name)
		text := "first jobs s3://archive/a/0.mov with " + services + "\n           s3://archive/a/1.mov with " + services + "\n           s3://archive/a/2.mov with " + services + "\n"
		r.foreseen(name, run, text)
		file, err := os.Create(filepath.Join(r.dir, "stderr"))
		if err != nil {
			t.Fatal(err)
		}
		at := file.Name()
		first.Store(nil)
		path.Store(&at)
		cmd := r.command(append(run, "--json")...)
		cmd.Stderr = file
		out, err := cmd.Output()
		if err != nil || strings.Count(string(out), "\n") != 1 || strings.Contains(string(out), "first_jobs") {
			t.Errorf("%s: a run: got %s, %v", name, out, err)
		}
		stderr := ""
		if text := first.Load(); text != nil {
			stderr = *text
		}
		for i := range 3 {
			if want := fmt.Sprintf("bucket=archive key=a/%d.mov services=%s", i, services); !strings.Contains(stderr, want) {
				t.Errorf("%s: before the first POST standard error has no %q:\n%s", name, want, stderr)
			}
		}
		if strings.Contains(stderr, "a/3.mov") {
			t.Errorf("%s: more than three jobs are shown:\n%s", name, stderr)
		}
		if got := r.run(run...).want(t, exit.OK); strings.Contains(got.stderr, "a/0.mov") {
			t.Errorf("%s: what was sent long ago is shown once more: %s", name, got.stderr)
		}
		if got := r.run(append(run, "--quiet", "--batch", "quiet-"+name)...).want(t, exit.OK); got.stderr != "" {
			t.Errorf("%s: --quiet: got %s", name, got.stderr)
		}
	}
}

// foreseen checks that a dry run and a plan show three jobs, as the text has them.
func (r *rig) foreseen(name string, run []string, text string) {
	r.t.Helper()
	for _, args := range [][]string{append(run[:len(run):len(run)], "--dry-run"), append([]string{"plan"}, run[1:]...)} {
		if got := r.run(args...).want(r.t, exit.OK); !strings.Contains(got.stdout, text) || strings.Contains(got.stdout, "a/3.mov") {
			r.t.Errorf("%s: got %s, want three jobs", name, got.stdout)
		}
		got := r.run(append(args, "--json")...).want(r.t, exit.OK)
		var found struct {
			FirstJobs []struct{ Bucket, Key, Name string } `json:"first_jobs"`
		}
		err := json.Unmarshal([]byte(got.stdout), &found)
		if err != nil || len(found.FirstJobs) != 3 || found.FirstJobs[2].Key != "a/2.mov" || found.FirstJobs[2].Bucket != "archive" || found.FirstJobs[2].Name == "" {
			r.t.Errorf("%s: --json: got %s, %v", name, got.stdout, err)
		}
	}
}

// What waits in the queue is shown too, what is known is passed over, and no key reaches a terminal as it is.
func TestTheFirstJobsOfAKnownBatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.jsonl", `{"bucket":"archive","key":"sent.mov"}`+"\n")
	args := []string{m, "--batch", "b"}
	r.run(append([]string{"run"}, args...)...).want(t, exit.OK)
	r.file("m.jsonl", `{"bucket":"archive","key":"sent.mov"}`+"\n"+`{"bucket":"archive","key":"\u001b[31mred\u202e.mov"}`+"\n"+
		`{"bucket":"archive","key":"waits.mov"}`+"\n")
	r.run(append([]string{"enqueue"}, args...)...).want(t, exit.OK)
	r.file("m.jsonl", `{"bucket":"archive","key":"sent.mov"}`+"\n"+`{"bucket":"archive","key":"waits.mov"}`+"\n"+`{"bucket":"archive","key":"new.mov","services":"s2t"}`+"\n")
	dry := r.run(append([]string{"run", "--dry-run"}, args...)...).want(t, exit.OK)
	dry.says(t, "first jobs s3://archive/new.mov with {\"s2t\":\"\"}\n           s3://archive/\\x1b[31mred\\u202e.mov with", "s3://archive/waits.mov with")
	replaced := r.run(append([]string{"run", "--dry-run", "--replace"}, args...)...).want(t, exit.OK)
	replaced.says(t, "first jobs s3://archive/new.mov with {\"s2t\":\"\"}\n           s3://archive/waits.mov with")
	got := r.run(append([]string{"run"}, args...)...).want(t, exit.OK)
	got.says(t, "key=waits.mov", "key=new.mov")
	for _, g := range []result{dry, replaced, got} {
		if text := g.stdout + g.stderr; strings.ContainsAny(text, "\x1b\u202e") || strings.Contains(text, "sent.mov") {
			t.Errorf("got %q", text)
		}
	}
}
