package queue

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestApplyObeysTheDiagram(t *testing.T) {
	lawful := map[[2]State]bool{
		{Sending, Submitted}: true, {Sending, Failed}: true, {Sending, Pending}: true, {Sending, InDoubt}: true,
		{InDoubt, Submitted}: true, {InDoubt, Failed}: true, {InDoubt, Pending}: true, {InDoubt, InDoubt}: true,
		{Submitted, InDoubt}: true,
		{Failed, Pending}:    true, {Cancelled, Pending}: true, {Failed, Cancelled}: true, {Pending, Cancelled}: true,
	}
	for _, from := range States {
		for _, to := range States {
			before := Record{State: from, Attempts: 2}
			after, err := Apply(before, Result{To: to, JobID: "j"})
			var move *TransitionError
			switch {
			case lawful[[2]State{from, to}]:
				if err != nil || after.State != to {
					t.Errorf("%s to %s: got %v, %v", from, to, after.State, err)
				}
			case !errors.As(err, &move) || !cmp.Equal(after, before):
				t.Errorf("%s to %s: got %+v, %v, want it refused and nothing changed", from, to, after, err)
			}
		}
	}
}

func TestApplyRecords(t *testing.T) {
	doubtful, err := Apply(Record{State: Sending}, Result{To: InDoubt, Attempted: true, HTTPStatus: 500, Code: "INTERNAL_ERROR", Message: "m"})
	if err != nil {
		t.Fatal(err)
	}
	want := Record{State: InDoubt, Attempts: 1, Sent: true, HTTPStatus: 500, Code: "INTERNAL_ERROR", Message: "m"}
	if diff := cmp.Diff(want, doubtful); diff != "" {
		t.Errorf("in doubt (-want +got):\n%s", diff)
	}
	absent, err := Apply(doubtful, Result{To: Pending, Refund: true})
	if err != nil || !absent.Sent || absent.Code != "INTERNAL_ERROR" || absent.Attempts != 1 {
		t.Errorf("after a lookup that found nothing: got %+v, %v, want doubt, attempt and error kept", absent, err)
	}
	if _, err := Apply(doubtful, Result{To: Submitted}); err == nil {
		t.Error("submitted without a job id was accepted")
	}
	found, err := Apply(doubtful, Result{To: Submitted, JobID: "j1"})
	if err != nil || found.JobID != "j1" || found.Code != "" {
		t.Errorf("found: got %+v, %v, want the job and no error", found, err)
	}
}

func TestRequeueKeepsTheDoubt(t *testing.T) {
	got, err := Requeue(Record{State: Failed, Attempts: 5, Sent: true})
	if err != nil || got.State != Pending || got.Attempts != 0 || !got.Sent {
		t.Errorf("got %+v, %v, want pending with fresh attempts and the doubt", got, err)
	}
	for _, s := range []State{Pending, Sending, InDoubt, Submitted} {
		if _, err := Requeue(Record{State: s}); err == nil {
			t.Errorf("an item in state %s was requeued", s)
		}
	}
}

func TestRecover(t *testing.T) {
	for _, s := range States {
		got := Recover(Record{State: s, Attempts: 3})
		want := Record{State: s, Attempts: 3}
		if s == Sending {
			want = Record{State: InDoubt, Attempts: 3, Sent: true}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s, diff)
		}
	}
}

func TestAdopt(t *testing.T) {
	at := time.Date(2024, 10, 4, 12, 0, 0, 0, time.UTC)
	for _, s := range States {
		before := Record{State: s, Attempts: 3, Sent: true, HTTPStatus: 500, Code: "C", Message: "m", Day: 7}
		got, err := Adopt(before, Adopted{JobID: "j", At: at, Day: 9})
		var move *TransitionError
		switch s {
		case Sending, Submitted:
			if !errors.As(err, &move) || got != before {
				t.Errorf("%s: got %+v, %v, want it refused and nothing changed", s, got, err)
			}
		default:
			want := Record{State: Submitted, Attempts: 3, Sent: true, JobID: "j", At: at, Day: 9}
			if s == InDoubt {
				want.Day = 7 // its claim is still counted there
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", s, err, diff)
			}
		}
	}
	if _, err := Adopt(Record{State: Pending}, Adopted{}); err == nil {
		t.Error("adopted without a job id was accepted")
	}
}

// TestWhatWasSentIsMarkedForGood: only what surely never left is not marked.
func TestWhatWasSentIsMarkedForGood(t *testing.T) {
	for _, c := range []struct {
		name string
		res  Result
		want bool
	}{
		{"submitted", Result{To: Submitted, JobID: "j", HTTPStatus: 200}, true},
		{"in doubt", Result{To: InDoubt}, true},
		{"refused", Result{To: Failed, HTTPStatus: 400, Code: "BAD_REQUEST"}, true},
		{"a daily cap", Result{To: Pending, Refund: true, HTTPStatus: 429}, true},
		{"credentials refused", Result{To: Pending, Refund: true, HTTPStatus: 401}, true},
		{"written without an answer", Result{To: Pending, Sent: true}, true},
		{"no connection", Result{To: Pending, Refund: true, Message: "connection refused"}, false},
		{"released", Result{To: Pending, Refund: true}, false},
		{"a job that cannot be sent", Result{To: Failed, Message: "name too long"}, false},
	} {
		got, err := Apply(Record{State: Sending}, c.res)
		if err != nil || got.Sent != c.want {
			t.Errorf("%s: got %+v, %v, want sent %v", c.name, got, err, c.want)
		}
		got.State = Sending
		if again, err := Apply(got, Result{To: Pending, Refund: true}); err != nil || again.Sent != c.want {
			t.Errorf("%s, and released later: got %+v, %v, want sent %v", c.name, again, err, c.want)
		}
	}
}

// TestAtIsThatOfTheLastAttempt: a lookup learns when it was itself, but a later lookup must look as far back as the
// attempt.
func TestAtIsThatOfTheLastAttempt(t *testing.T) {
	sent := time.Date(2024, 10, 4, 12, 0, 0, 0, time.UTC)
	doubt, err := Apply(Record{State: Sending}, Result{To: InDoubt, At: sent})
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range []Result{{To: InDoubt, Code: "AIRLIFT_TWO_JOBS"}, {To: Pending, Refund: true}} {
		res.At = sent.Add(time.Hour)
		if got, err := Apply(doubt, res); err != nil || !got.At.Equal(sent) {
			t.Errorf("a lookup that leaves it %s: got %+v, %v, want the time of the attempt", res.To, got, err)
		}
	}
	pending, _ := Apply(doubt, Result{To: Pending, Refund: true, At: sent.Add(time.Hour)})
	claimed, _ := Claim(pending, 7)
	if got, err := Apply(claimed, Result{To: Pending, Refund: true, At: sent.Add(2 * time.Hour)}); err != nil || !got.At.Equal(sent) {
		t.Errorf("a claim that was not sent: got %+v, %v, want the time of the attempt", got, err)
	}
	if got, err := Apply(doubt, Result{To: Submitted, JobID: "j", At: sent.Add(time.Hour)}); err != nil || got.At.Equal(sent) {
		t.Errorf("a job that was found: got %+v, %v, want the time of the lookup", got, err)
	}
}
