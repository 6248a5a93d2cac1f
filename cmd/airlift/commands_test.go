package main

import (
	"encoding/json"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

func TestItemsReportAndCompactAgree(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-00003"}}}})
	m := r.manifest("archive.csv", 12)
	r.run("run", m).want(t, exit.Incomplete)
	batch := r.status().Batch

	lines := strings.Split(strings.TrimSpace(r.run("items", batch, "--json").want(t, exit.OK).stdout), "\n")
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
	failed := r.run("items", batch, "--state", "failed").want(t, exit.OK).stdout
	if strings.Count(failed, "\n") != 1 || !strings.Contains(failed, "clip-00003") {
		t.Errorf("items --state failed: %s", failed)
	}
	before := r.run("report", batch).stdout
	r.run("compact").want(t, exit.OK)
	if r.run("report", batch).stdout != before {
		t.Error("compact changed the report")
	}
	r.run("check").want(t, exit.OK).says(t, "sound")
	r.quiet(func() { r.run("run", m).want(t, exit.Incomplete) })
}
