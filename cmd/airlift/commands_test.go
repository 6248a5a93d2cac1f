package main

import (
	"encoding/json"
	"strings"
	"testing"

	"airlift/worker/air/airtest"
)

func TestEnqueueAndThenSubmit(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 25)
	r.run("enqueue", m).want(t, exitOK)
	if got := r.requests(); got != 0 {
		t.Errorf("enqueue sent %d requests, want none", got)
	}
	if s := r.status(); s.Pending != 25 {
		t.Errorf("%d pending, want 25", s.Pending)
	}
	r.run("submit").want(t, exitOK)
	r.settled(25)
	r.quiet(func() {
		r.run("submit").want(t, exitOK)
		r.run("run", m).want(t, exitOK)
	})
}

func TestSubmitWorksTheOldestBatchFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	for _, batch := range []string{"zebra", "ant", "mole"} {
		r.run("enqueue", r.manifest(batch+".csv", 3), "--batch", batch).want(t, exitOK)
	}
	r.run("submit", "--workers", "1").want(t, exitOK)
	var order []string
	for _, j := range r.air.Jobs() {
		order = append(order, j.Batch)
	}
	if got, want := strings.Join(order, " "), "zebra zebra zebra ant ant ant mole mole mole"; got != want {
		t.Errorf("the order: got %s, want %s", got, want)
	}
	got := r.run("status", "--json").want(t, exitOK)
	var all []summary
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil {
		t.Fatalf("status of several batches is no array: %v in %s", err, got.stdout)
	}
	for _, s := range all {
		if s.Submitted != 3 || s.Items != 3 {
			t.Errorf("%s: %d of %d submitted, want all 3", s.Batch, s.Submitted, s.Items)
		}
	}
	r.run("submit", "no-such").want(t, exitUsage).says(t, "no-such", "zebra")
	r.run("check").want(t, exitOK)
}

func TestReconcileSettlesAndSendsNothing(t *testing.T) {
	t.Parallel()
	posts := &tally{}
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if !isPost(q) {
			return airtest.Fault{}
		}
		switch posts.add() {
		case 3:
			return airtest.Fault{Kind: airtest.ResetAfter}
		case 5:
			return airtest.Fault{Kind: airtest.ResetBefore}
		}
		return airtest.Fault{}
	}})
	m := r.manifest("archive.csv", 6)
	r.run("run", m, "--workers", "1", "--max-items", "5").want(t, exitWorkLeft)
	if s := r.status(); s.Submitted != 3 || s.InDoubt != 2 {
		t.Fatalf("submitted %d, in doubt %d; want 3 and 2", s.Submitted, s.InDoubt)
	}
	r.quiet(func() { r.run("reconcile").want(t, exitOK) })
	if s := r.status(); s.Submitted != 4 || s.InDoubt != 0 || s.Pending != 2 {
		t.Errorf("submitted %d, in doubt %d, pending %d; want 4, 0, 2", s.Submitted, s.InDoubt, s.Pending)
	}
	r.run("run", m).want(t, exitOK)
	r.settled(6)
}

func TestRetryAndCancelChooseItems(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-0000"}}}})
	m := r.manifest("archive.csv", 30)
	r.run("run", m).want(t, exitIncomplete)
	batch := r.status().Batch
	if got := len(r.inState("failed")); got != 10 {
		t.Fatalf("%d failed, want 10", got)
	}
	r.change(func(s *airtest.Settings) { s.Faults.RejectKeys = nil })

	r.run("cancel", batch).want(t, exitUsage).says(t, "--all")
	r.run("cancel", batch, "--key", "reel/clip-0000[0-2].mov").want(t, exitOK).says(t, "3 items cancelled")
	r.run("retry", batch, "--code", "NO_SUCH_CODE").want(t, exitUsage).says(t, "--code NO_SUCH_CODE", "nothing was changed")
	r.run("retry", batch, "--code", "BAD_REQUEST", "--key", "clip-0000[3-6].mov").want(t, exitOK).says(t, "4 items retried")
	r.run("run", m).want(t, exitIncomplete)
	if s := r.status(); s.Submitted != 24 || s.Failed != 3 || s.Cancelled != 3 {
		t.Errorf("submitted %d, failed %d, cancelled %d; want 24, 3, 3", s.Submitted, s.Failed, s.Cancelled)
	}
	r.run("cancel", batch, "--all").want(t, exitOK).says(t, "3 items cancelled")
	r.quiet(func() { r.run("run", m).want(t, exitOK) }) // submitted or cancelled: nothing is left
	r.run("retry", batch, "--state", "cancelled").want(t, exitOK).says(t, "6 items retried")
	r.run("run", m).want(t, exitOK)
	r.settled(30)
}

// What was failed is written as a report, mended, and sent again; what was sent is known from it.
func TestAReportIsAManifest(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-0000"}}}})
	r.run("run", r.manifest("archive.csv", 30)).want(t, exitIncomplete)
	batch := r.status().Batch
	r.change(func(s *airtest.Settings) { s.Faults.RejectKeys = nil })
	r.run("report", batch, "--state", "failed", "-o", "failed.csv").want(t, exitOK)
	r.run("report", batch, "-o", "all.csv").want(t, exitOK)

	r.run("run", "failed.csv", "--batch", "second").want(t, exitOK)
	if got := r.air.Accepted(); got != 30 {
		t.Errorf("%d jobs, want 30", got)
	}
	// In its own batch the rows are known: the names that they carry are those which the items have anyway.
	r.quiet(func() { r.run("run", "failed.csv", "--batch", batch).want(t, exitIncomplete).says(t, "10 known") })
	r.run("run", "all.csv", "--batch", "third").want(t, exitOK)
	if got := r.air.Accepted(); got != 40 {
		t.Errorf("%d jobs after the whole report, want only the 10 failed ones more", got)
	}
}

func TestItemsReportAndCompactAgree(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-00003"}}}})
	m := r.manifest("archive.csv", 12)
	r.run("run", m).want(t, exitIncomplete)
	batch := r.status().Batch

	lines := strings.Split(strings.TrimSpace(r.run("items", batch, "--json").want(t, exitOK).stdout), "\n")
	rows := r.report(batch)
	if len(lines) != 12 || len(rows) != 12 {
		t.Fatalf("%d lines of items, %d rows of the report; want 12 of each", len(lines), len(rows))
	}
	for i, text := range lines {
		var it struct {
			Key, State, Name, Error string
			JobID                   string `json:"job_id"`
		}
		if err := json.Unmarshal([]byte(text), &it); err != nil {
			t.Fatal(err)
		}
		row := rows[i]
		if it.Key != row["key"] || it.State != row["state"] || it.JobID != row["job_id"] || it.Error != row["error"] || it.Name != row["name"] {
			t.Errorf("item %s differs from row %v", text, row)
		}
	}
	failed := r.run("items", batch, "--state", "failed").want(t, exitOK).stdout
	if strings.Count(failed, "\n") != 1 || !strings.Contains(failed, "clip-00003") {
		t.Errorf("items --state failed: %s", failed)
	}
	before := r.run("report", batch).stdout
	r.run("compact").want(t, exitOK)
	if r.run("report", batch).stdout != before {
		t.Error("compact changed the report")
	}
	r.run("check").want(t, exitOK).says(t, "sound")
	r.quiet(func() { r.run("run", m).want(t, exitIncomplete) })
}
