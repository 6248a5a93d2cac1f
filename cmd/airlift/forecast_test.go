package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/queue/plan"
	"airlift/worker/air/airtest"
)

// planned returns what `plan --json` says.
func (r *rig) planned(args ...string) (p plan.Plan) {
	r.t.Helper()
	got := r.run(append([]string{"plan", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(got.stdout), &p); err != nil {
		r.t.Fatalf("plan --json: %v\n%s\n%s", err, got.stdout, got.stderr)
	}
	return p
}

// sameEnd fails the test unless all forecasts are the same instant, so many midnights UTC ahead.
func sameEnd(t *testing.T, what string, days int, ends ...*time.Time) {
	t.Helper()
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for i, end := range ends {
		if end == nil || !end.Equal(*ends[0]) || end.Truncate(24*time.Hour).Sub(today) != time.Duration(days)*24*time.Hour {
			t.Errorf("%s: forecast %d of %d is %v, want day %d after %v, and all the same", what, i+1, len(ends), end, days, today)
		}
	}
}

// A thousand items at 50 a day: status at rest, status of a run that waits for the next day, its text and plan agree.
func TestOneForecastForADailyLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 1000)
	r.setenv("AIRLIFT_DAILY_LIMIT", "50")
	r.run("enqueue", m, "--batch", "b").want(t, exit.OK)
	sameEnd(t, "before", 19, r.status().ETA, r.planned(m, "--batch", "b").Finish)
	r.run("status").want(t, exit.OK).says(t, "2 weeks from now", "if it is worked from now on", "50 jobs a day (--daily-limit)")

	p := r.start("run", m, "--batch", "b")
	paused := r.awaitPause()
	r.setenv("AIRLIFT_DAILY_LIMIT", "") // the run knows it
	text := r.run("status").want(t, exit.OK).says(t, "2 weeks from now", "at 50 jobs a day (--daily-limit)").stdout
	if strings.Contains(text, "if it is worked") {
		t.Errorf("the batch is worked on:\n%s", text)
	}
	p.signal(syscall.SIGTERM)
	p.wait().want(t, exit.WorkLeft).says(t, "50 jobs a day (--daily-limit)")
	r.setenv("AIRLIFT_DAILY_LIMIT", "50")
	sameEnd(t, "after 50", 19, paused.ETA, r.status().ETA, r.planned(m, "--batch", "b").Finish)
	if s := r.status(); s.PerDay == nil || *s.PerDay != 50 || s.PerDayFrom != "daily-limit" {
		t.Errorf("got %+v", s)
	}
	r.run("status", "--rate", "fast").want(t, exit.Usage).says(t, "--rate")
	r.run("status", "--daily-limit", "-1").want(t, exit.Usage).says(t, "--daily-limit")
}

// AiR's cap as it was met, and the pause that it caused.
func TestOneForecastForALearnedCapAndAPause(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 50}})
	m := r.manifest("archive.csv", 120)
	r.run("run", m, "--batch", "b", "--workers", "1", "--on-daily-cap", "exit").want(t, exit.WorkLeft)
	s, p := r.status(), r.planned(m, "--batch", "b")
	sameEnd(t, "70 left", 2, s.ETA, p.Finish)
	if s.State != "paused" || s.PerDay == nil || *s.PerDay != 50 || s.PerDayFrom != "learned" {
		t.Errorf("status: got %+v", s)
	}
	if p.State != "paused" || p.Reason != s.Reason || p.Reason == "" || p.PausedUntil == nil || !p.PausedUntil.Equal(*s.PausedUntil) || p.Days != 2 {
		t.Errorf("plan: got %+v, want the pause of %+v", p, s)
	}
	r.run("plan", m, "--batch", "b").want(t, exit.OK).says(t, "state      paused since", s.Reason, "until "+p.PausedUntil.Format(time.RFC3339), "50 jobs a day (AiR's cap")
	r.run("status").want(t, exit.OK).says(t, "50 jobs a day (AiR's cap")
	// Another batch waits for the same pause.
	if p := r.planned(r.manifest("other.csv", 3), "--batch", "c"); p.State != "paused" || p.Finish == nil || p.Finish.Before(s.PausedUntil.Truncate(time.Second)) {
		t.Errorf("plan of another batch: got %+v", p)
	}
}

// While a stop is in force nobody can tell, and that is said.
func TestNoForecastWhileStopped(t *testing.T) {
	t.Parallel()
	stopped := &tally{}
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if q.Method == http.MethodPost && stopped.add() > 2 {
			return airtest.Fault{Kind: airtest.StatusBefore, Status: 403, Code: "MONTHLY", Message: "monthly quota exceeded"}
		}
		return airtest.Fault{}
	}})
	m := r.manifest("archive.csv", 20)
	r.run("run", m, "--batch", "b", "--workers", "1").want(t, exit.Quota).says(t, "nothing is forecast")
	s, p := r.status(), r.planned(m, "--batch", "b")
	if s.State != "stopped" || s.ETA != nil {
		t.Errorf("status: got %+v", s)
	}
	if p.State != "stopped" || p.Finish != nil || p.Days != 0 || !strings.Contains(p.Reason, "monthly quota") {
		t.Errorf("plan: got %+v", p)
	}
	for _, args := range [][]string{{"status"}, {"plan", m, "--batch", "b"}} {
		got := r.run(args...).want(t, exit.OK).says(t, "stopped", "monthly quota exceeded", "nothing is forecast while stopped")
		if strings.Contains(got.stdout, "from now") {
			t.Errorf("%v forecasts:\n%s", args, got.stdout)
		}
	}
	r.run("resume").want(t, exit.OK)
	if r.status().ETA == nil || r.planned(m, "--batch", "b").Finish == nil {
		t.Error("nothing is forecast after the stop was lifted")
	}
}

// The batches of a run take turns, so two of the same size end on the same day.
func TestForecastOfSeveralBatches(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	for _, batch := range []string{"first", "second"} {
		r.run("enqueue", r.manifest(batch+".csv", 100), "--batch", batch).want(t, exit.OK)
	}
	p := r.start("submit", "--daily-limit", "50")
	r.awaitPause()
	var all []summary
	got := r.run("status", "--json").want(t, exit.OK)
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil || len(all) != 2 {
		t.Fatalf("%v in %s", err, got.stdout)
	}
	sameEnd(t, "the first", 3, all[0].ETA)
	sameEnd(t, "the second", 3, all[1].ETA)
	p.signal(syscall.SIGTERM)
	p.wait().want(t, exit.WorkLeft)
}
