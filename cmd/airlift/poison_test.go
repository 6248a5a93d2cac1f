package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// poisoned starts a rig whose AiR answers each POST for an object p-... with the fault, and writes a manifest: one good
// object, so many poisonous ones, and the other good ones.
func poisoned(t *testing.T, fault airtest.Fault, bad, good int) (r *rig, manifest string) {
	t.Helper()
	r = newRig(t, airtest.Config{Script: failPosts("p-", fault)})
	r.setenv("AIRLIFT_SETTLE", "1ms")
	rows := "bucket,key\narchive,a.mov\n"
	for i := range bad {
		rows += fmt.Sprintf("archive,p-%03d.mov\n", i)
	}
	for i := 1; i < good; i++ {
		rows += fmt.Sprintf("archive,z-%03d.mov\n", i)
	}
	return r, r.file("m.csv", rows)
}

// However many objects get only answers that AiR does not give, run after run tries the others and comes to an end: all
// good objects have a job, and the poisonous ones have failed.
func TestPoisonousObjectsKeepNoOtherFromItsTurn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault     airtest.Fault
		bad, runs int
		workers   string
	}{
		"1, an empty 400": {airtest.Fault{Kind: airtest.Empty400}, 1, 1, "4"},
		"2, a 404":        {status(404, "", ""), 2, 1, "1"},
		"9, a 404":        {status(404, "", ""), 9, 9 * 2, "4"},
		"9, a 451":        {status(451, "", ""), 9, 9 * 2, "1"},
		"60, a 404":       {status(404, "NOT_FOUND", "no such page"), 60, 60 * 2, "4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const good, attempts = 31, 2
			r, m := poisoned(t, tt.fault, tt.bad, good)
			args := []string{"run", m, "--batch", "b", "--workers", tt.workers, "--max-attempts", fmt.Sprint(attempts), "--quiet"}
			runs := 1
			got := r.run(args...)
			for ; got.code == exit.Usage && runs < tt.runs; runs++ {
				got.says(t, "were not AiR's", "p-0", "airlift cancel").lacks(t, "z-0")
				got = r.run(args...)
			}
			got.want(t, exit.Incomplete)
			s := r.status()
			if s.Submitted != good || s.Failed != int64(tt.bad) || r.air.Accepted() != good {
				t.Errorf("after %d runs: %d submitted, %d failed, %d jobs; want %d, %d, %d", runs, s.Submitted, s.Failed, r.air.Accepted(), good, tt.bad, good)
			}
			if most := good + tt.bad*attempts; r.air.Posts() > most {
				t.Errorf("%d POSTs, want at most %d", r.air.Posts(), most)
			}
		})
	}
}

// An address at which nothing was ever accepted ends each run with its first request, and no item fails of it, even if
// another address was right before.
func TestWrongAddressFailsNothing(t *testing.T) {
	t.Parallel()
	for name, accepted := range map[string]bool{"never right": false, "right before": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			args := []string{"run", r.manifest("m.csv", 20), "--batch", "b", "--max-attempts", "1"}
			left := int64(20)
			if accepted {
				r.run(append(args, "--max-items", "5")...).want(t, exit.WorkLeft)
				left = 15
			}
			var posts tally
			wrong := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if q.Method == http.MethodPost {
					posts.add()
					w.WriteHeader(http.StatusNotFound)
					return
				}
				_, _ = w.Write([]byte(`{"Records":[]}`))
			}))
			defer wrong.Close()
			r.setenv("AIRLIFT_AIR_URL", wrong.URL)
			for n := range 4 {
				r.run(append(args, "--trust-queue")...).want(t, exit.Usage).says(t, "check --air-url")
				if posts.count() != n+1 {
					t.Errorf("%d POSTs after %d runs", posts.count(), n+1)
				}
			}
			if s := r.status(); s.Failed != 0 || s.Pending != left {
				t.Errorf("%d failed and %d pending, want none and %d", s.Failed, s.Pending, left)
			}
			r.setenv("AIRLIFT_AIR_URL", r.url)
			r.run(args...).want(t, exit.OK)
			r.settled(20)
		})
	}
}
