package verdict

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"airlift/queue"
	"airlift/worker/air"
)

func TestJudge(t *testing.T) {
	type o = air.Outcome
	const job = "j1"
	submitted := Verdict{State: queue.Submitted, Attempted: true}
	failed := Verdict{State: queue.Failed, Attempted: true, Refund: true}
	doubt := Verdict{State: queue.InDoubt, Attempted: true, Action: BackOff}
	mixed := Verdict{State: queue.InDoubt, Attempted: true, Action: MixUp}
	back := func(a Action) Verdict { return Verdict{State: queue.Pending, Refund: true, Action: a} }
	slow := Verdict{State: queue.Pending, Refund: true, Action: Slow, Throttled: true}
	noJob := Verdict{State: queue.InDoubt, Attempted: true, Action: StopSetup}
	foreign := Verdict{State: queue.Pending, Attempted: true, Refund: true, Action: ForeignAnswer}
	slowDoubt := Verdict{State: queue.InDoubt, Attempted: true, Action: BackOff, Throttled: true}

	for _, c := range []struct {
		name     string
		outcome  air.Outcome
		answered bool
		want     Verdict
	}{
		{"200 with a job", o{Status: 200, JobID: job, Written: true}, false, submitted},
		{"201 with a job", o{Status: 201, JobID: job, Written: true}, true, submitted},
		{"200 with another's job, first of all", o{Status: 200, JobID: job, Misplaced: true, Written: true}, false, mixed},
		{"200 with another's job, later", o{Status: 200, JobID: job, Misplaced: true, Written: true}, true, mixed},
		{"200 with another's job and an odd id", o{Status: 200, Err: errors.New("odd"), Misplaced: true, Written: true}, true, mixed},
		{"200 with a job and an Error", o{Status: 200, JobID: job, Message: "oh", Written: true}, true, doubt},
		{"200 with a job and an ErrorCode, first of all", o{Status: 200, JobID: job, Code: "E", Written: true}, false, doubt},
		{"200 with an odd id, later", o{Status: 200, Err: errors.New("odd"), Written: true}, true, doubt},
		{"200 without a job, first of all", o{Status: 200, Written: true}, false, noJob},
		{"HTML with 200, first of all", o{Status: 200, Written: true, Err: errors.New("not JSON")}, false, noJob},
		{"HTML with 200, later", o{Status: 200, Written: true, Err: errors.New("not JSON")}, true, doubt},
		{"200 cut short, first of all", o{Status: 200, Written: true, Cut: true, Err: io.ErrUnexpectedEOF}, false, doubt},
		{"401", o{Status: 401, Written: true, Code: "UNAUTHORIZED"}, true, back(StopCredentials)},
		{"403", o{Status: 403, Written: true, Message: "quota"}, true, back(StopQuota)},
		{"403 that speaks of access", o{Status: 403, Written: true, Code: "AccessDenied"}, true, back(StopAccess)},
		{"403 that speaks of authorization", o{Status: 403, Written: true, Message: "User is not authorized to perform air:SubmitJob"}, true, back(StopAccess)},
		{"403 that speaks of a signature", o{Status: 403, Written: true, Code: "SignatureDoesNotMatch"}, true, back(StopAccess)},
		{"403 that speaks of expiry", o{Status: 403, Written: true, Message: "The keys have expired"}, true, back(StopAccess)},
		{"403 that speaks of the clock", o{Status: 403, Written: true, Code: "RequestTimeTooSkewed"}, true, back(StopAccess)},
		{"403 with a code of its own", o{Status: 403, Written: true, Code: "FORBIDDEN", Message: "Monthly quota reached"}, true, back(StopQuota)},
		{"403 with HTML", o{Status: 403, Written: true, Foreign: true, Excerpt: "<html>"}, true, back(StopForbidden)},
		{"403 without a body", o{Status: 403, Written: true, Foreign: true}, true, back(StopForbidden)},
		{"403 that throttles", o{Status: 403, Written: true, Code: "SlowDown"}, true, slow},
		{"429 with a code", o{Status: 429, Written: true, Code: "DAILY_CAP_EXCEEDED"}, true, back(Pause)},
		{"429 with an error", o{Status: 429, Written: true, Message: "Daily Cap Exceeded"}, true, back(Pause)},
		{"429 with too many requests today", o{Status: 429, Written: true, Message: "Too many requests: daily cap exceeded"}, true, back(Pause)},
		{"429 without a body", o{Status: 429, Written: true, Foreign: true}, true, back(Wait)},
		{"429 with HTML", o{Status: 429, Written: true, Foreign: true, Excerpt: "<html>"}, true, back(Wait)},
		{"429 that says throttling", o{Status: 429, Written: true, Code: "Throttling"}, true, back(Wait)},
		{"429 with a code of too many requests", o{Status: 429, Written: true, Code: "TooManyRequests"}, true, back(Wait)},
		{"429 that speaks of a rate", o{Status: 429, Written: true, Code: "LIMIT", Message: "Rate exceeded"}, true, back(Wait)},
		{"400 that throttles", o{Status: 400, Written: true, Code: "RequestRateLimitExceeded"}, true, slow},
		{"404, first of all", o{Status: 404, Written: true, Code: "NOT_FOUND"}, false, back(StopSetup)},
		{"405, first of all", o{Status: 405, Written: true}, false, back(StopSetup)},
		{"301, first of all", o{Status: 301, Written: true}, false, back(StopSetup)},
		{"404, later", o{Status: 404, Written: true, Code: "NOT_FOUND"}, true, foreign},
		{"451, later", o{Status: 451, Written: true, Foreign: true}, true, foreign},
		{"307, later", o{Status: 307, Written: true}, true, foreign},
		{"408", o{Status: 408, Written: true, Code: "X"}, true, doubt},
		{"425", o{Status: 425, Written: true}, true, doubt},
		{"500", o{Status: 500, Written: true, Code: "INTERNAL_ERROR"}, true, doubt},
		{"502 with HTML", o{Status: 502, Written: true}, false, doubt},
		{"503 SlowDown", o{Status: 503, Written: true, Code: "SlowDown"}, true, slowDoubt},
		{"timeout", o{Written: true, Err: context.DeadlineExceeded}, true, doubt},
		{"reset", o{Written: true, Err: io.EOF}, true, doubt},
		{"dial refused", o{Err: errors.New("connection refused")}, true, back(BackOff)},
		{"our own cancel before writing", o{Err: fmt.Errorf("send: %w", context.Canceled)}, true, back(End)},
		{"our own cancel after writing", o{Written: true, Err: context.Canceled}, true, doubt},
		{"a job that is no JSON", o{Err: fmt.Errorf("%w: Name", air.ErrInvalidJob)}, true, failed},
		{"400 cut short", o{Status: 400, Written: true, Cut: true, Err: io.ErrUnexpectedEOF}, true, doubt},
	} {
		if got := Judge(c.outcome, c.answered); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
	for _, status := range []int{400, 409, 413, 415, 422} {
		if got := Judge(o{Status: status, Written: true, Message: "no such object"}, true); got != failed {
			t.Errorf("%d with Error: got %+v, want %+v", status, got, failed)
		}
		if got := Judge(o{Status: status, Written: true, Code: "BAD_REQUEST"}, true); got != failed {
			t.Errorf("%d with ErrorCode: got %+v, want %+v", status, got, failed)
		}
		if got := Judge(o{Status: status, Written: true}, false); got != back(StopSetup) {
			t.Errorf("%d without either: got %+v, want %+v", status, got, back(StopSetup))
		}
		if got := Judge(o{Status: status, Written: true}, true); got != foreign {
			t.Errorf("%d without either, later: got %+v, want %+v", status, got, foreign)
		}
	}
}

// Whatever comes back, an item whose POST may have been accepted must not become pending without a lookup.
func TestJudgeNeverForgetsAPost(t *testing.T) {
	for status := range 600 {
		for _, code := range []string{"", "SlowDown", "INTERNAL_ERROR"} {
			for _, err := range []error{nil, io.EOF, context.Canceled, context.DeadlineExceeded} {
				got := Judge(air.Outcome{Status: status, Code: code, Err: err, Written: true, Cut: err != nil && status != 0}, true)
				refused := status >= 300 && status < 500 && (status != 408 && status != 425 || code == "SlowDown")
				if got.State == queue.Pending && !refused {
					t.Errorf("status %d, code %q, %v: pending, though AiR may have accepted it", status, code, err)
				}
			}
		}
	}
}

// Only what says so is a quota that a run may wait for.
func TestSpeaksOfQuota(t *testing.T) {
	for text, want := range map[string]bool{
		"MONTHLY_QUOTA_REACHED": true, "Monthly limit reached": true, "Quota exceeded": true, "No more jobs this month, 500 a month": true,
		"ACCOUNT_SUSPENDED Your account is suspended": false, "FORBIDDEN IP address blocked": false, "FORBIDDEN User is not enabled for AiR": false,
	} {
		if got := SpeaksOfQuota(air.Outcome{Status: 403, Message: text}); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
