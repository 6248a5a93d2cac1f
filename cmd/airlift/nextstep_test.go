package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Who ends a run early, or is left with failed items, is told what is left and how it goes on; --json has the reason.
func TestTheEndSaysWhatIsLeftAndHowToGoOn(t *testing.T) {
	t.Parallel()
	reject := airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-00003"}}}}
	r := newRig(t, reject)
	m := r.manifest("m.csv", 12)
	r.run("run", m, "--batch", "b", "--workers", "1", "--max-items", "3").want(t, exit.WorkLeft).says(t, "--max-items 3 reached; 9 items are left; the same command carries on")
	got := r.run("run", m, "--batch", "b", "--workers", "1", "--max-items", "2", "--json").want(t, exit.WorkLeft)
	wantReason(t, got, "--max-items 2 reached")
	got = r.run("run", m, "--batch", "b").want(t, exit.Incomplete).
		says(t, "1 items failed: `airlift items --state failed b` lists them, `airlift retry b` makes them pending")
	r.run("items", "--state", "failed", "b").want(t, exit.OK).says(t, "clip-00003")
	if strings.Contains(got.stderr, "are left") {
		t.Errorf("nothing is left: %s", got.stderr)
	}
	r.run("run", r.manifest("m2.csv", 2), "--batch", "-dash").want(t, exit.OK)

	far := newRig(t, airtest.Config{Script: func(airtest.Request) airtest.Fault { return status(http.StatusNotFound, "", "") }})
	wantReason(t, far.run("run", far.manifest("m.csv", 3), "--json").want(t, exit.Usage), "no AiR API")
}

func wantReason(t *testing.T, got result, text string) {
	t.Helper()
	var s summary
	if err := json.Unmarshal([]byte(got.stdout), &s); err != nil || !strings.Contains(s.Reason, text) {
		t.Errorf("the reason is %q (%v), want %q", s.Reason, err, text)
	}
}

// A signal: what is left is counted, and named as what the same command does.
func TestASignalSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(6))
	r.noSocket()
	p := r.start("run", r.manifest("archive.csv", 20), "--workers", "1")
	await(t, h.posts.reached(6), "the run to be at work")
	r.awaitStatus("20 items", func(s summary) bool { return s.Items == 20 && !s.Incomplete })
	// Meanwhile another command is told what works, and how to end this one.
	second := r.run("submit").want(t, exit.Locked).says(t, "`airlift status` works meanwhile", "kill -INT "+strconv.Itoa(p.cmd.Process.Pid), "the same command carries on")
	if strings.Contains(second.stderr, "another queue") {
		t.Errorf("another queue is no advice: %s", second.stderr)
	}
	p.signal(syscall.SIGINT)
	eventually(t, "the run has heard the signal", func() bool { return strings.Contains(p.err.String(), "good order") })
	close(h.release)
	p.wait().want(t, exit.WorkLeft).says(t, "ended by a signal (interrupt); 14 items are left; the same command carries on")
}

// The log of a refusal has no empty fields.
func TestARefusalIsLoggedWithoutEmptyFields(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-00001"}, Empty400Keys: []string{"clip-00002"}}}})
	got := r.run("run", r.manifest("m.csv", 4), "--log-format", "json")
	if !strings.Contains(got.stderr, `"message":"answer"`) || !strings.Contains(got.stderr, `"code":"BAD_REQUEST"`) {
		t.Errorf("no refusal in the log: %s", got.stderr)
	}
	for line := range strings.Lines(got.stderr) {
		if strings.Contains(line, `"message":"answer"`) && strings.Contains(line, `:""`) {
			t.Errorf("an empty field: %s", line)
		}
	}
}

// A run that waits for a settle window says so, in log and status, and no longer than it waits.
func TestAWaitForTheSettleWindowIsSaid(t *testing.T) {
	t.Parallel()
	const why = "waiting until AiR must list what was sent before (--settle)"
	retried := func(r *rig, m string) []string {
		r.run("run", m, "--batch", "b").want(t, exit.Incomplete)
		r.run("retry", "b").want(t, exit.OK)
		return []string{"submit"}
	}
	killed := func(r *rig, m string) []string {
		p := r.start("run", m, "--batch", "b", "--workers", "1")
		eventually(t, "a POST hangs", func() bool { return r.air.Posts() == 2 })
		p.signal(syscall.SIGKILL)
		_ = p.cmd.Wait()
		return []string{"run", m, "--batch", "b"}
	}
	for name, c := range map[string]struct {
		before func(*rig, string) []string
		fault  airtest.Fault
	}{
		"after retry":  {retried, status(http.StatusBadRequest, "BAD_REQUEST", "source object not found")},
		"after a kill": {killed, airtest.Fault{Kind: airtest.HangAfter, Delay: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			posts := &tally{}
			r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
				if isPost(q) && posts.add() == 2 {
					return c.fault
				}
				return airtest.Fault{}
			}})
			args := c.before(r, r.manifest("m.csv", 2))
			p := r.start(append(args, "--settle", "4s")...)
			r.awaitStatus("the wait is shown", func(s summary) bool { return s.State == "running" && s.Reason == why })
			p.wait().want(t, exit.OK).says(t, why)
			r.settled(2)
		})
	}
}

// The count of today is the queue's, and says so; a dry run tells the same.
func TestTodayIsOfTheWholeQueue(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.manifest("m.csv", 3), "--batch", "a").want(t, exit.OK).says(t, "3 submitted by all batches of this queue")
	other := r.file("other.csv", "bucket,key\narchive,x.mov\n")
	for _, batch := range []string{"a", "new"} {
		got := r.run("run", other, "--batch", batch, "--dry-run", "--json").want(t, exit.OK)
		var s summary
		if err := json.Unmarshal([]byte(got.stdout), &s); err != nil || s.SubmittedToday != 3 {
			t.Errorf("batch %s: the dry run says %d submitted today, %v; want 3", batch, s.SubmittedToday, err)
		}
	}
	r.run("run", other, "--batch", "new").want(t, exit.OK).says(t, "4 submitted by all batches")
}

// A stop of an earlier run is shown with its time; another stop takes its place.
func TestAStopOfAnEarlierRunShowsItsTime(t *testing.T) {
	t.Parallel()
	kinds := make(chan airtest.Fault, 3)
	kinds <- status(http.StatusForbidden, "", "")
	kinds <- airtest.Fault{Kind: airtest.Access403}
	kinds <- airtest.Fault{Kind: airtest.Forbid403}
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if isPost(q) {
			return <-kinds
		}
		return airtest.Fault{}
	}})
	m := r.manifest("m.csv", 3)
	r.run("run", m, "--batch", "p1").want(t, exit.Quota)
	first := r.status()
	if first.Since == nil {
		t.Fatalf("no time of the stop: %+v", first)
	}
	since := first.Since.Format(time.RFC3339)
	r.run("run", m, "--batch", "p2").want(t, exit.Credentials).says(t, "stopped since "+since+": a 403 that is not AiR's JSON", "AiR refuses access")
	got := r.run("run", m, "--batch", "p1").want(t, exit.Quota).says(t, "state      stopped since ", "monthly quota reached")
	if strings.Contains(got.stdout, "not AiR's JSON") {
		t.Errorf("the older stop is still shown: %s", got.stdout)
	}
}

func TestACommandWithoutItsBatchSaysHowToListThem(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	for _, command := range []string{"retry", "cancel", "items", "report"} {
		r.run(command).want(t, exit.Usage).says(t, command+" wants one BATCH", "`airlift status` lists the batches")
	}
	r.run("sandbox", "--help").want(t, exit.OK).says(t, "--reject-key's 400 included")
}
