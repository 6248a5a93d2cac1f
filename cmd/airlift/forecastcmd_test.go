package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
	"airlift/worker/service"
)

// forecast returns what `forecast --json` says of the only account.
func (r *rig) forecast(args ...string) service.AccountForecast {
	r.t.Helper()
	got := r.run(append([]string{"forecast", "--json"}, args...)...).want(r.t, exit.OK)
	var f service.Forecasts
	if err := json.Unmarshal([]byte(got.stdout), &f); err != nil || f.Schema != 1 || len(f.Accounts) != 1 {
		r.t.Fatalf("forecast --json: %v\n%s\n%s", err, got.stdout, got.stderr)
	}
	return f.Accounts[0]
}

// The forecast at rest, for other values, and of a run in another process, which the status of the batch has too.
func TestForecast(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 1000)
	r.run("forecast").want(t, exit.Usage).says(t, "there is no queue at")
	r.run("enqueue", m, "--batch", "b").want(t, exit.OK)
	day := func(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
	r.run("forecast", "--daily-limit", "300").want(t, exit.OK).
		says(t, "1,000 items of b", "our own limit is 300 a day", "AiR's daily cap is not known yet", day(3)+" ", "left 100")
	if f := r.forecast("--what-if", "daily=100,items=250,rate=unlimited"); f.Items != 250 || len(f.Days) != 3 || f.Days[2].Day != day(2) || f.Days[2].Expected != 50 || f.ETARange == nil {
		t.Errorf("what if: got %+v", f)
	}
	by := day(2)
	r.run("forecast", "--by", by, "--daily-limit", "10").want(t, exit.OK).says(t, "to be done by", "one of 250 or")
	if f := r.forecast("--by", by); f.Need == nil || !f.Need.Already || f.Need.Rate == nil || f.Need.Cannot != "" {
		t.Errorf("what it takes: got %+v", f.Need)
	}
	for _, args := range [][]string{
		{"--what-if", "rate=fast"}, {"--what-if", "daily=-1"}, {"--what-if", "daily"}, {"--what-if", "items=1e3"}, {"--what-if", "pace=3"},
		{"--what-if", "items=1,items=2"}, {"--what-if", "items=99999999999999999"}, {"--by", "tomorrow"}, {"--by", "2026-02-30"}, {"--rate", "0"}, {"none"},
	} {
		r.run(append([]string{"forecast"}, args...)...).want(t, exit.Usage)
	}
}

// Without a run the forecast keeps to the hours that it is given, as the status beside it does.
func TestForecastKeepsToTheHours(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("archive.csv", 40), "--batch", "b").want(t, exit.OK)
	opens := time.Now().UTC().Add(5 * time.Hour).Truncate(time.Minute)
	window := []string{"--window", opens.Format("15:04-") + opens.Add(time.Hour).Format("15:04"), "--time-zone", "UTC"}
	f := r.forecast(window...)
	if f.ETARange == nil || f.ETARange.Low.Before(opens) || f.ETARange.Low.After(opens.Add(time.Hour)) {
		t.Errorf("with the window %v: got %+v", window, f.ETARange)
	}
	r.run(append([]string{"status"}, window...)...).want(t, exit.OK).says(t, f.ETA.Format("2006-01-02T15:04"))
	days := strings.Fields("Sun Mon Tue Wed Thu Fri Sat")
	today, tomorrow := days[time.Now().UTC().Weekday()], days[(time.Now().UTC().Weekday()+1)%7]
	table := []string{"--rate", today + " 1/h, " + tomorrow + " 50/s", "--time-zone", "UTC"}
	midnight := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	if f := r.forecast(table...); f.ETARange == nil || f.ETARange.High == nil || f.ETARange.High.After(midnight.Add(time.Hour)) {
		t.Errorf("with a table: got %+v, want soon after %v", f.ETARange, midnight)
	}
	const said = "at the rates of the table"
	r.run(append([]string{"status"}, table...)...).want(t, exit.OK).says(t, said, "hours", "1/h until")
	r.run(append([]string{"plan", r.manifest("more.csv", 3)}, append(table, window[:2]...)...)...).want(t, exit.OK).says(t, said, "within --window "+window[1])
	if f := r.forecast(append(table, "--what-if", "rate=20/s")...); f.ETARange == nil || f.ETARange.High == nil || f.ETARange.High.After(time.Now().Add(time.Hour)) {
		t.Errorf("for a rate in place of the table: got %+v", f.ETARange)
	}
}

// The forecast of a run in another process rests on what that run has met, and is that of the status; it is the same after the run.
func TestForecastBesideARun(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 50}})
	r.run("enqueue", r.manifest("archive.csv", 1000), "--batch", "b").want(t, exit.OK)
	day := func(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
	p := r.start("submit", "b")
	r.awaitPause() // for AiR's cap
	beside := r.forecast("b")
	if beside.Items != 950 || beside.ETARange == nil || !strings.Contains(beside.ETARange.Why, "50 accepted on the one day that reached AiR's cap") && !strings.Contains(beside.ETARange.Why, "cap 50 seen on one day") {
		t.Errorf("beside the run: got %+v", beside)
	}
	if f := r.forecast("b", "--what-if", "items=50,daily=20"); f.Items != 50 || f.ETARange.Low.Before(time.Now().AddDate(0, 0, 1)) || f.ETARange.High.After(time.Now().AddDate(0, 0, 4)) {
		t.Errorf("what if, beside the run: got %+v", f)
	}
	r.run("forecast", "--by", day(5)).want(t, exit.OK).says(t, "it cannot be done by")
	if f := r.forecast("--by", day(5)); f.Need.Rate != nil || !strings.Contains(f.Need.Cannot, "allows about") {
		t.Errorf("what it takes, beside the run: %+v", f.Need)
	}
	var all []service.Status
	got := r.run("status", "--json").want(t, exit.OK)
	err := json.Unmarshal([]byte(got.stdout), &all)
	if err != nil || len(all) != 1 || all[0].ETARange == nil || !all[0].ETARange.Low.Equal(beside.ETARange.Low) || all[0].ETARange.Why == "" { // others may be counted meanwhile
		t.Errorf("%v; the range of the status is not %+v: %s", err, beside.ETARange, got.stdout)
	}
	r.run("status").want(t, exit.OK).says(t, "80 % likely: paused until")
	p.signal(syscall.SIGTERM)
	p.wait().want(t, exit.WorkLeft)
	if f := r.forecast("b"); f.Items != 950 || !f.ETARange.Low.Equal(beside.ETARange.Low) {
		t.Errorf("after the run: got %+v, want %+v", f.ETARange, beside.ETARange)
	}
}

// Where nothing can be forecast it says why, and what to do.
func TestForecastOfNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if q.Method == http.MethodPost {
			return airtest.Fault{Kind: airtest.StatusBefore, Status: 403, Code: "MONTHLY", Message: "monthly quota exceeded"}
		}
		return airtest.Fault{}
	}})
	m := r.manifest("archive.csv", 5)
	r.run("enqueue", m, "--batch", "b").want(t, exit.OK)
	says := func(what string, args ...string) {
		t.Helper()
		if f := r.forecast(args...); f.ETA != nil || f.ETARange != nil || !strings.Contains(f.None, what) || len(f.Days) > 0 {
			t.Errorf("got %+v, want %q", f, what)
		}
		r.run(append([]string{"forecast"}, args...)...).want(t, exit.OK).says(t, strings.Fields(what)[0])
	}
	r.run("pause", "b").want(t, exit.OK)
	says("before `airlift resume`")
	r.run("resume", "b").want(t, exit.OK)
	r.run("pause").want(t, exit.OK)
	says("before `airlift resume`", "b")
	r.run("resume").want(t, exit.OK)
	r.run("run", m, "--batch", "b", "--workers", "1").want(t, exit.Quota)
	says("stopped")
	if f := r.forecast("--by", "2099-01-01"); f.Need == nil || !strings.Contains(f.Need.Cannot, "stopped") {
		t.Errorf("what it takes while stopped: %+v", f.Need)
	}
	r.run("resume").want(t, exit.OK)
	r.run("cancel", "b", "--all").want(t, exit.OK)
	says("nothing is left")
	r.run("forecast", "--by", "2099-01-01").want(t, exit.OK).says(t, "it is done: nothing is left to send")
}

// The text fits the width, has no colors off a terminal, and lists all days if asked.
func TestForecastText(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("archive.csv", 100), "--batch", "b").want(t, exit.OK)
	for _, width := range []int{1, 20, 40, 80, 140} {
		r.setenv("COLUMNS", fmt.Sprint(width))
		text := r.run("forecast", "--daily-limit", "5").want(t, exit.OK).says(t, "and 10 more days: --by-day").stdout
		for line := range strings.Lines(text) {
			if n := len(strings.TrimSuffix(line, "\n")); n > max(width, 28) {
				t.Errorf("at %d: a line of %d: %s", width, n, line)
			}
		}
		if strings.Contains(text, "\x1b") {
			t.Errorf("at %d: colors off a terminal:\n%q", width, text)
		}
	}
	all := r.run("forecast", "--daily-limit", "5", "--by-day").want(t, exit.OK).stdout
	if n := strings.Count(all, "#####"); n < 20 {
		t.Errorf("--by-day lists %d days:\n%s", n, all)
	}
}
