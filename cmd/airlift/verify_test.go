package main

import (
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// A list that lags by more than the settle window can lead to a second job, and --verify finds it afterwards.
func TestVerifyFindsTheSecondJobOfALaggingList(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{
		Settings: airtest.Settings{ListLag: airtest.Duration(time.Hour)},
		Script: func() func(airtest.Request) airtest.Fault {
			posts := &tally{}
			return func(q airtest.Request) airtest.Fault {
				if isPost(q) && posts.add() == 5 {
					return airtest.Fault{Kind: airtest.CloseAfter}
				}
				return airtest.Fault{}
			}
		}(),
	})
	m := r.manifest("archive.csv", 20)
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	dup := r.air.Duplicates()
	if len(dup) != 1 {
		t.Fatalf("the lag was to lead to one second job, got %v", dup)
	}
	r.quiet(func() {
		r.run("reconcile", "b").want(t, exit.OK)
		r.run("reconcile", "b", "--verify").want(t, exit.Incomplete).says(t, "not listed", "20 items are submitted, but AiR does not list their job")
		r.air.Advance(2 * time.Hour)
		for o, ids := range dup {
			got := r.run("reconcile", "b", "--verify").want(t, exit.Incomplete)
			got.says(t, "two jobs", "s3://"+o.Bucket+"/"+o.Key, ids[0], ids[1], "21 jobs: 20 as the queue has them, 1 other")
			all := r.run("reconcile", "--verify", "--json").want(t, exit.Incomplete).audited(t)
			if f := all.Audit.Findings; all.Audit.TwoJobs != 1 || len(f) != 1 || len(f[0].Listed) != 2 || f[0].Key != o.Key || !all.Audit.Complete {
				t.Errorf("got %+v", all)
			}
		}
	})
	if s := r.status(); s.Submitted != 20 {
		t.Errorf("submitted: got %d, want 20 as before", s.Submitted)
	}
}

func TestVerifyAgreesOrSaysWhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 120)
	r.run("enqueue", m, "--batch", "b").want(t, exit.OK)
	r.run("enqueue", m, "--batch", "never sent").want(t, exit.OK)
	r.run("submit", "b").want(t, exit.OK)
	r.quiet(func() {
		r.run("reconcile", "--verify").want(t, exit.OK).says(t, "120 jobs: 120 as the queue has them", "0 jobs", "queue and AiR agree")
	})
	j := r.air.Jobs()[0]
	early := air.NewJob{Name: j.Name, Batch: "never sent", Services: j.Services, Source: j.Source, Destination: j.Destination}
	id := r.air.Plant(early)
	early.Source.ObjectKey = "nobody's.mov"
	foreign := r.air.Plant(early)
	r.quiet(func() {
		r.run("reconcile", "b", "--verify").want(t, exit.OK)
		r.run("reconcile", "--verify").want(t, exit.Incomplete).says(t, "not submitted", id, "the queue has it as pending", "unknown object", foreign)
	})
}

func TestVerifyThatCannotReadTheListClaimsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if q.Query.Get("sortOrder") == "Asc" && q.Query.Get("pageNumber") == "2" {
			return airtest.Fault{Kind: airtest.EmptyJSONBefore}
		}
		return airtest.Fault{}
	}})
	m := r.manifest("archive.csv", 150)
	r.run("run", m).want(t, exit.OK)
	got := r.run("reconcile", "--verify", "--give-up", "0s", "--json").want(t, exit.Unexpected).says(t, "could not be read to its end").audited(t)
	if got.Audit.Complete || got.Audit.NotListed != 0 {
		t.Errorf("it concludes from what it has not read: %+v", got.Audit)
	}
}
