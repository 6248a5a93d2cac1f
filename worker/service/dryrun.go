package service

import (
	"context"
	"time"

	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/plan"
)

// DryRun returns the status that a batch would have after a reading and before anything is sent. It stores nothing.
func DryRun(ctx context.Context, t *intake.Intake) (Status, *intake.DryRun, error) {
	d, err := t.DryRun(ctx)
	if err != nil {
		return Status{}, nil, err
	}
	first, err := plan.First(ctx, t, d)
	if err != nil {
		return Status{}, nil, err
	}
	st := statusOf(queue.Batch{ID: t.Batch, Account: t.Account(), Reading: d.Reading, Counts: queue.Counts{Items: d.Items, Pending: d.Items}})
	st.State, st.Incomplete, st.Unmatched = "idle", t.Reading.End().Broken != nil, t.Reading.Unmatched()
	st.AcceptedEarlier, st.Restored, st.FirstJobs = d.Replaced.Submitted, 0, first
	if t.Store == nil {
		return st, d, nil
	}
	s := New(Config{Store: t.Store})
	account, err := s.Account(ctx, t.Account(), queue.DayOf(time.Now()))
	if err != nil {
		return Status{}, nil, err
	}
	st.SubmittedToday = account.Day.Submitted
	if have, err := s.Status(ctx, StatusQuery{Batches: []string{t.Batch}}); err == nil {
		st.addStates(have[0])
	}
	// What --replace would cancel goes from pending and failed to cancelled.
	r := d.Replaced
	st.Pending, st.Failed, st.Cancelled = st.Pending-r.Pending, st.Failed-r.Failed, st.Cancelled+r.Pending+r.Failed
	return st, d, nil
}

// addStates adds the states of the items that are in the queue already.
func (s *Status) addStates(have Status) {
	s.Pending -= have.Items - have.Pending
	s.Unsourced, s.Adopting, s.Unproven, s.SubmittedToday = have.Unsourced, have.Adopting, have.Unproven, have.SubmittedToday
	s.Sending, s.InDoubt, s.Submitted, s.Failed, s.Cancelled = have.Sending, have.InDoubt, have.Submitted, have.Failed, have.Cancelled
}
