package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

func TestALostAnswerIsFoundByLookup(t *testing.T) {
	t.Parallel()
	lost := []airtest.Kind{
		airtest.ResetAfter, airtest.CloseAfter, airtest.Err500After, airtest.HTML502After, airtest.HangAfter,
		airtest.HTML200After, airtest.EmptyJSONAfter, airtest.HalfBody,
	}
	for _, workers := range []string{"1", "8"} {
		t.Run(workers+" workers", func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			struck := map[string]bool{}
			lag := airtest.Settings{ListLag: airtest.Duration(400 * time.Millisecond)} // of a settle window of 500
			r := newRig(t, airtest.Config{Settings: lag, Script: func(q airtest.Request) airtest.Fault {
				mu.Lock()
				defer mu.Unlock()
				key := q.Job.Source.ObjectKey
				for i, kind := range lost {
					if strings.HasPrefix(key, "lost") && strings.HasSuffix(key, string(kind)) && !struck[key] {
						struck[key] = true
						return airtest.Fault{Kind: lost[i]}
					}
				}
				return airtest.Fault{}
			}})
			rows := "bucket,key\n"
			for _, kind := range lost {
				rows += "archive,good/" + string(kind) + "\narchive,lost/" + string(kind) + "\n"
			}
			r.run("run", r.file("archive.csv", rows), "--timeout", "1s", "--workers", workers).want(t, exit.OK)
			r.settled(2 * len(lost))
			if len(struck) != len(lost) {
				t.Errorf("%d faults struck, want %d", len(struck), len(lost))
			}
			if got := r.air.Posts(); got != 2*len(lost) {
				t.Errorf("%d POSTs for %d items: a lost answer was sent again", got, 2*len(lost))
			}
		})
	}
}

func TestTwoJobsForOneItemAreReported(t *testing.T) {
	t.Parallel()
	const key = "reel/clip-00003.mov"
	var r *rig
	posts, jobs := &tally{}, &tally{}
	r = newRig(t, airtest.Config{
		Script: func(q airtest.Request) airtest.Fault {
			if q.Job.Source.ObjectKey == key && posts.add() == 1 {
				return airtest.Fault{Kind: airtest.HangAfter}
			}
			return airtest.Fault{}
		},
		OnAccept: func(j air.Job) {
			if j.Source.ObjectKey == key && jobs.add() == 1 {
				r.twin(j)
			}
		},
	})
	m := r.manifest("archive.csv", 10)
	r.run("run", m, "--timeout", "500ms").want(t, exit.Incomplete).says(t, "AIRLIFT_TWO_JOBS")
	if got := len(r.air.Duplicates()); got != 1 {
		t.Fatalf("the test made %d twins, want 1", got)
	}
	r.quiet(func() {
		r.run("run", m).want(t, exit.Incomplete).says(t, "AIRLIFT_TWO_JOBS")
		r.run("reconcile").want(t, exit.Incomplete)
	})
	doubts := r.inState("in_doubt")
	if len(doubts) != 1 || doubts[0]["key"] != key || doubts[0]["error_code"] != "AIRLIFT_TWO_JOBS" {
		t.Errorf("in doubt: %v", doubts)
	}
	for _, j := range r.air.Jobs() {
		if j.Source.ObjectKey == key && !strings.Contains(doubts[0]["error"], j.ID) {
			t.Errorf("the report does not name job %s: %s", j.ID, doubts[0]["error"])
		}
	}
	r.run("check").want(t, exit.OK)
}

// twin submits a job once more, as somebody else might.
func (r *rig) twin(j air.Job) {
	body, err := json.Marshal(air.NewJob{Name: j.Name, Batch: j.Batch, Services: j.Services, Source: j.Source, Destination: j.Destination})
	if err != nil {
		r.t.Error(err)
		return
	}
	q, err := http.NewRequest(http.MethodPost, r.url+"/jobs", bytes.NewReader(body))
	if err != nil {
		r.t.Error(err)
		return
	}
	q.Header.Set("x-amz-access-key", testAccessKey)
	q.Header.Set("x-amz-secret-key", testSecretKey)
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Error(err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		r.t.Errorf("the twin was answered with %s", answer.Status)
	}
}

func TestThrottlingOnlySlowsDown(t *testing.T) {
	t.Parallel()
	posts := &tally{}
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if !isPost(q) {
			return airtest.Fault{}
		}
		switch posts.add() % 9 {
		case 1:
			return airtest.Fault{Kind: airtest.Throttle400}
		case 5:
			return airtest.Fault{Kind: airtest.Throttle503}
		}
		return airtest.Fault{}
	}})
	r.run("run", r.manifest("archive.csv", 40), "--workers", "4").want(t, exit.OK)
	r.settled(40)
	if got := r.air.Injected(); got[airtest.Throttle400] == 0 || got[airtest.Throttle503] == 0 {
		t.Errorf("struck: %v", got)
	}
}

// Nothing is known yet of what is at the URL, but an answer that broke off, or never came, does not show that it is no AiR.
func TestALostFirstAnswerIsNoWrongURL(t *testing.T) {
	t.Parallel()
	for _, kind := range []airtest.Kind{airtest.HalfBody, airtest.ResetAfter, airtest.Err500After, airtest.HTML502After} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			posts := &tally{}
			r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
				if isPost(q) && posts.add() == 1 {
					return airtest.Fault{Kind: kind}
				}
				return airtest.Fault{}
			}})
			r.run("run", r.manifest("archive.csv", 5)).want(t, exit.OK)
			r.settled(5)
			if got := posts.count(); got != 5 {
				t.Errorf("%d POSTs for 5 items", got)
			}
		})
	}
}
