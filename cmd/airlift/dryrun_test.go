package main

import (
	"maps"
	"strings"
	"testing"

	"airlift/worker/air/airtest"
)

const mixedCSV = "bucket,key\narchive,a.mov\narchive,b.mov\narchive,a.mov\narchive,\narchive,c.txt\n"

// A dry run counts and names what a run would, stores nothing and sends nothing; it needs no access to AiR.
func TestDryRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", mixedCSV)
	for _, name := range []string{"AIRLIFT_AIR_URL", "WASABI_ACCESS_KEY", "WASABI_SECRET_KEY"} {
		r.setenv(name, "")
	}
	before := r.files()
	args := []string{"--dry-run", "--exclude", "*.txt"}
	const counts = "5 = 2 added + 0 known + 1 duplicates + 1 rejected + 1 skipped"
	r.run(append([]string{"run", m}, args...)...).want(t, exitIncomplete).says(t, "dry run", counts, "line 5", "no key")
	r.runIn(mixedCSV, append([]string{"run", "-", "--format", "csv", "--batch", "b"}, args...)...).want(t, exitIncomplete).says(t, counts, "line 5")
	r.run("run", r.file("good.csv", goodCSV), "--dry-run").want(t, exitOK).says(t, "2 = 2 added")
	r.run("run", m, "--dry-run", "--strict").want(t, exitIncomplete).says(t, "line 5")
	r.unsent()
	r.noQueue()
	before["good.csv"] = goodCSV
	if after := r.files(); !maps.Equal(before, after) {
		t.Errorf("a dry run left files: %d before, %d after", len(before), len(after))
	}
}

// Against a queue that is there it tells what is known, and changes nothing.
func TestDryRunOnAQueue(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", goodCSV)
	r.run("run", m).want(t, exitOK)
	before := r.status()
	r.file("m.csv", goodCSV+"archive,new.mov\n")
	r.run("run", m, "--dry-run", "--priority", "9").want(t, exitOK).says(t, "3 = 1 added + 2 known", "3 = 2 submitted + 1 pending")
	got := r.run("run", m, "--dry-run", "--json").want(t, exitOK)
	if !strings.Contains(got.stdout, `"added":1,"known":2`) || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("--json: got %s", got.stdout)
	}
	after := r.status()
	if after.Items != before.Items || after.Rows != before.Rows || r.air.Posts() != 2 {
		t.Errorf("the dry run changed the queue or sent: %+v, then %+v", before, after)
	}
	r.settled(2)
}

// With --strict one bad row keeps everything out, and without one it changes nothing.
func TestStrict(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", mixedCSV)
	stdin := []string{"-", "--strict", "--format", "csv", "--batch", "b"}
	for _, command := range []string{"run", "enqueue"} {
		r.run(command, m, "--strict").want(t, exitUsage).says(t, "nothing was enqueued", "line 5", "no key")
		r.runIn(mixedCSV, append([]string{command}, stdin...)...).want(t, exitUsage).says(t, "nothing was enqueued", "line 5")
		r.run(command, r.file("broken.csv", goodCSV+"archive,\"c.mov\n"), "--strict").want(t, exitUsage).says(t, "nothing was enqueued", "line 4")
	}
	r.unsent()
	r.noQueue()
	r.runIn(goodCSV, append([]string{"run"}, stdin...)...).want(t, exitOK)
	r.submittedKeys("a.mov", "b.mov")
	// A conflict with what the queue has is a bad row too.
	r.runIn("bucket,key,priority\narchive,a.mov,3\narchive,c.mov,\n", append([]string{"run"}, stdin...)...).want(t, exitUsage).says(t, "line 2", "other fields")
	r.settled(2)
	r.run("run", r.file("good.csv", "bucket,key\narchive,c.mov\n"), "--strict", "--batch", "b").want(t, exitOK)
	r.settled(3)
}
