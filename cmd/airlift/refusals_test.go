package main

import (
	"fmt"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// nthPost injects a fault into the n-th POST, from 1, alone.
func nthPost(n int, f airtest.Fault) airtest.Config {
	var posts tally
	return airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if isPost(q) && posts.add() == n {
			return f
		}
		return airtest.Fault{}
	}}
}

// status is an answer in AiR's JSON, or without a body if it has neither code nor message.
func status(n int, code, message string) airtest.Fault {
	return airtest.Fault{Kind: airtest.StatusBefore, Status: n, Code: code, Message: message}
}

// lacks fails the test if the output has one of the texts.
func (g result) lacks(t *testing.T, texts ...string) result {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(g.stderr+g.stdout, text) {
			t.Errorf("the output has %q\nstdout:\n%s\nstderr:\n%s", text, g.stdout, g.stderr)
		}
	}
	return g
}

// A 403 stops the run and is named for what it is; the same command goes on with a single request.
func TestEvery403IsNamed(t *testing.T) {
	t.Parallel()
	const quota, foreign, access = "monthly quota reached", "the monthly quota, or a proxy or firewall in between", "AiR refuses access"
	for name, tt := range map[string]struct {
		fault  airtest.Fault
		code   int
		says   []string
		lacks  []string
		stored string // the state that status shows
	}{
		"a firewall's page": {airtest.Fault{Kind: airtest.HTML403}, exit.Quota, []string{foreign, "<html>", "Forbidden"}, []string{quota}, "stopped"},
		"no body":           {status(403, "", ""), exit.Quota, []string{foreign}, []string{quota}, "stopped"},
		"the quota":         {airtest.Fault{Kind: airtest.Forbid403}, exit.Quota, []string{quota}, []string{"firewall"}, "stopped"},
		"another message":   {status(403, "", "No jobs are left in this month"), exit.Quota, []string{quota, "No jobs are left"}, []string{"firewall"}, "stopped"},
		"ACCESS_DENIED":     {airtest.Fault{Kind: airtest.Access403}, exit.Credentials, []string{access, "Wasabi policy"}, []string{quota}, "idle"},
		"a policy":          {status(403, "", "User is not authorized to perform: air:SubmitJob"), exit.Credentials, []string{access, "Wasabi policy"}, []string{quota}, "idle"},
		"a signature":       {status(403, "SignatureDoesNotMatch", "x"), exit.Credentials, []string{access}, []string{quota}, "idle"},
		"our clock":         {status(403, "RequestTimeTooSkewed", "x"), exit.Credentials, []string{access, "set the clock of this machine"}, []string{quota}, "idle"},
		"expired keys":      {status(403, "ExpiredToken", "x"), exit.Credentials, []string{access, "expired"}, []string{quota}, "idle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nthPost(2, tt.fault))
			args := []string{"run", r.manifest("m.csv", 5), "--batch", "b", "--workers", "1"}
			r.run(args...).want(t, tt.code).says(t, tt.says...).lacks(t, tt.lacks...)
			if s := r.status(); s.Submitted != 1 || s.Pending != 4 || s.State != tt.stored || r.air.Posts() != 2 {
				t.Errorf("%d submitted, %d pending, %s after %d POSTs; want 1, 4, %s, 2", s.Submitted, s.Pending, s.State, r.air.Posts(), tt.stored)
			}
			r.run(args...).want(t, exit.OK)
			r.settled(5)
			if got := r.air.Posts(); got != 6 {
				t.Errorf("%d POSTs for 5 items and one refusal", got)
			}
		})
	}
}

// A 429 of something before AiR, or one that speaks of a rate, is waited for as long as it asks, and costs one canary. The
// daily cap is another thing: see TestTheDailyCapIsWaitedFor.
func TestEvery429OfARateIsWaitedOut(t *testing.T) {
	t.Parallel()
	rate := func(code, message string) airtest.Fault {
		f := status(429, code, message)
		f.Header = map[string]string{"Retry-After": "1"}
		return f
	}
	for name, fault := range map[string]airtest.Fault{
		"a proxy's page":         {Kind: airtest.HTML429},
		"no body":                rate("", ""),
		"no body and no header":  status(429, "", ""),
		"TooManyRequests":        {Kind: airtest.Rate429},
		"Throttling":             rate("Throttling", "x"),
		"a message about a rate": rate("LIMIT", "Request rate exceeded"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nthPost(2, fault))
			r.run("run", r.manifest("m.csv", 5), "--batch", "b", "--workers", "1", "--max-duration", "30s").want(t, exit.OK).
				says(t, "the rate of requests is limited").lacks(t, "daily cap")
			r.settled(5)
			if got := r.air.Posts(); got != 6 {
				t.Errorf("%d POSTs for 5 items and one 429", got)
			}
		})
	}
}

// Answers that AiR does not give for one object do not stop an archive; the object fails with what came.
func TestPoisonousObjectDoesNotStopAnArchive(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]airtest.Fault{
		"an empty 400": {Kind: airtest.Empty400},
		"404":          status(404, "", ""),
		"451":          status(451, "", ""),
		"a 404 in JSON": status(404, "NOT_FOUND",
			"no such page"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{Script: failPosts("00003", fault)})
			m := r.manifest("m.csv", 20)
			r.run("run", m, "--batch", "b", "--workers", "4", "--max-attempts", "3").want(t, exit.Incomplete).says(t, "clip-00003")
			failed := r.inState("failed")
			if len(failed) != 1 || failed[0]["error"] == "" || failed[0]["attempts"] != "3" || failed[0]["http_status"] != fmt.Sprint(max(fault.Status, 400)) {
				t.Errorf("the failed rows: %v, want one with what came and 3 attempts", failed)
			}
			if s := r.status(); s.Submitted != 19 || r.air.Accepted() != 19 {
				t.Errorf("%d submitted, %d jobs, want 19", s.Submitted, r.air.Accepted())
			}
		})
	}
}

// Three objects in a row with the same foreign answer are no accident: exit 2, and they are named.
func TestForeignAnswersInARowAreNamed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]airtest.Fault{"empty 400s": {Kind: airtest.Empty400}, "451": status(451, "", "")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
				if isPost(q) && q.Job.Source.ObjectKey >= "reel/clip-00010.mov" {
					return fault
				}
				return airtest.Fault{}
			}})
			r.run("run", r.manifest("m.csv", 40), "--batch", "b", "--workers", "1").want(t, exit.Usage).
				says(t, "were not AiR's", "3 items in a row", "clip-00010", "clip-00011", "clip-00012", "airlift cancel")
			if s := r.status(); s.Submitted != 10 || s.Failed != 0 || s.Pending != 30 {
				t.Errorf("got %+v, want 10 submitted and 30 pending", s)
			}
		})
	}
}

// A refusal carries no echo, so it may be another request's: what was ever sent is looked up before it is sent again.
func TestRetryLooksUpWhatFailed(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 409, 422} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			var posts tally
			r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
				if isPost(q) && posts.add()%3 == 0 && posts.count() <= 9 { // accepted, but a refusal comes
					return airtest.Fault{Kind: airtest.StatusAfter, Status: code, Code: "BAD_REQUEST", Message: "of another"}
				}
				return airtest.Fault{}
			}})
			args := []string{"run", r.manifest("m.csv", 10), "--batch", "b", "--workers", "1"}
			r.run(args...).want(t, exit.Incomplete)
			if s := r.status(); s.Failed != 3 {
				t.Fatalf("%d items failed, want 3", s.Failed)
			}
			r.run("retry", "b").want(t, exit.OK)
			r.run(args...).want(t, exit.OK)
			r.settled(10)
			if got := r.air.Posts(); got != 10 {
				t.Errorf("%d POSTs for 10 items, want none for what AiR had accepted", got)
			}
		})
	}
}

// Answers that lie, many at a time: each object has one job, under the id that AiR lists.
func TestAnswersThatLie(t *testing.T) {
	t.Parallel()
	const items = 60
	for name, odds := range map[string]airtest.Odds{
		"wrong echo":  {airtest.WrongEcho: 0.2},
		"the same id": {airtest.SameID: 0.2},
		"odd ids":     {airtest.OddID: 0.2},
		"all of them": {airtest.WrongEcho: 0.05, airtest.SameID: 0.05, airtest.OddID: 0.05, airtest.StrayAnswer: 0.1, airtest.LateRepeat: 0.05},
		"and lost ones": {airtest.WrongEcho: 0.05, airtest.SameID: 0.05, airtest.StrayAnswer: 0.1,
			airtest.ResetAfter: 0.05, airtest.ResetBefore: 0.05, airtest.Reject400: 0},
	} {
		for _, workers := range []string{"1", "8"} {
			t.Run(name+" "+workers, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{Seed: 3, Post: odds,
					List: airtest.Odds{airtest.StrayAnswer: 0.2, airtest.WrongEcho: 0.1}}}})
				r.setenv("AIRLIFT_SETTLE", "100ms")
				r.setenv("AIRLIFT_MAX_ATTEMPTS", "50")
				args := []string{"run", r.manifest("m.csv", items), "--batch", "b", "--workers", workers}
				for n := 0; ; n++ {
					got := r.run(args...)
					if got.code == exit.OK {
						break
					}
					if n == 20 {
						t.Fatalf("no end after %d runs", n)
					}
					got.want(t, exit.Usage).says(t, "answers in a row belonged to other requests")
				}
				r.settled(items)
			})
		}
	}
}
