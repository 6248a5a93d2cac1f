package queue

import (
	"errors"
	"testing"
)

// TestWithdrawn follows an item that was withdrawn: it is never sent again, unless a later reading has it.
func TestWithdrawn(t *testing.T) {
	for _, from := range States {
		r, err := Withdraw(Record{State: from, Attempts: 2, Sent: true})
		if from == Pending || from == Failed || from == InDoubt {
			if err != nil || !r.Withdrawn || (r.State == InDoubt) != (from == InDoubt) || from != InDoubt && r.State != Cancelled {
				t.Errorf("withdraw %s: got %+v, %v", from, r, err)
			}
			back, err := Restore(r)
			if want := map[bool]State{true: InDoubt, false: Pending}[from == InDoubt]; err != nil || back.Withdrawn || back.State != want || !back.Sent {
				t.Errorf("restore %s: got %+v, %v, want %s", from, back, err, want)
			}
			continue
		}
		if err == nil {
			t.Errorf("withdraw %s: got %+v, want an error", from, r)
		}
	}
	if r, err := Restore(Record{State: Cancelled}); err == nil {
		t.Errorf("restore what the user cancelled: got %+v, want an error", r)
	}
	unsure := Record{State: InDoubt, Withdrawn: true, Sent: true}
	for to, want := range map[State]Record{
		Pending:   {State: Cancelled, Withdrawn: true, Sent: true},
		Failed:    {State: Cancelled, Withdrawn: true, Sent: true},
		InDoubt:   {State: InDoubt, Withdrawn: true, Sent: true},
		Submitted: {State: Submitted, JobID: "j", Sent: true},
	} {
		if got, err := Apply(unsure, Result{To: to, JobID: "j"}); err != nil || got != want {
			t.Errorf("a lookup of a withdrawn item, to %s: got %+v, %v, want %+v", to, got, err, want)
		}
	}
}

func TestCheckReplace(t *testing.T) {
	for _, c := range []struct {
		r     Reading
		allow bool
		want  error
	}{
		{Reading{Complete: true, Added: 1}, false, nil},
		{Reading{Complete: true, Known: 1}, false, nil},
		{Reading{Complete: true}, true, nil},
		{Reading{Complete: true, Rejected: 5, Skipped: 3}, false, ErrNothingRead},
		{Reading{Added: 1}, true, errIncomplete},
	} {
		if err := c.r.CheckReplace(c.allow); !errors.Is(err, c.want) {
			t.Errorf("%+v, allowed empty %t: got %v, want %v", c.r, c.allow, err, c.want)
		}
	}
}
