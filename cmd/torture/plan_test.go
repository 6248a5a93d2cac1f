package main

import (
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"airlift/worker/air/airtest"
)

func TestAPlanFollowsFromItsSeed(t *testing.T) {
	const slack = 500 * time.Millisecond
	ends, kinds, workers, ways := map[endKind]int{}, map[airtest.Kind]int{}, map[int]int{}, map[way]int{}
	lists := map[airtest.Kind]int{}
	var waits, caps, nulls, ties, forgets int
	for n := range 500 {
		seed := roundSeed(1, n)
		p := newPlan(seed, slack)
		if again := newPlan(seed, slack); !reflect.DeepEqual(p, again) {
			t.Fatalf("seed %#x gives two plans:\n%v\n%v", seed, p, again)
		}
		latest := p.Lag
		for _, k := range p.List.Kinds {
			lists[k]++
		}
		for _, list := range []struct {
			has bool
			n   *int
		}{{p.MidnightIn > 0, &waits}, {p.PageCap > 0, &caps}, {p.NullPages, &nulls}, {p.Ties > 0, &ties}, {p.Forget, &forgets}} {
			if list.has {
				*list.n++
			}
		}
		if p.MidnightIn > 0 && (p.NoDate || p.ExitOnCap || p.Post.has(airtest.Cap429)) {
			t.Errorf("seed %#x cannot wait for midnight: %v", seed, p)
		}
		for n := range 200 {
			f := p.fault(airtest.Request{Method: http.MethodPost, N: n + 1})
			kinds[f.Kind]++
			if f.Kind == airtest.Late {
				latest = max(latest, p.Lag+f.Delay)
			}
			if again := p.fault(airtest.Request{Method: http.MethodPost, N: n + 1}); !reflect.DeepEqual(f, again) {
				t.Fatalf("seed %#x gives request %d two faults: %v and %v", seed, n+1, f, again)
			}
		}
		if p.Settle < latest+slack {
			t.Errorf("seed %#x: a job may be listed %v after a kill, beyond the settle window of %v less the slack", seed, latest, p.Settle)
		}
		for _, e := range p.Ends {
			ends[e.Kind]++
		}
		workers[p.Workers]++
		ways[p.Way]++
	}
	for _, k := range endKinds {
		if k != byItself && ends[k] == 0 {
			t.Errorf("no round ends a process by %q", k)
		}
	}
	for _, k := range postFaults {
		if kinds[k] == 0 {
			t.Errorf("no POST meets the fault %q", k)
		}
	}
	for _, k := range listFaults {
		if lists[k] == 0 {
			t.Errorf("no list meets the fault %q", k)
		}
	}
	if min(waits, caps, nulls, ties, forgets) < 10 {
		t.Errorf("rounds that wait for midnight %d, with short pages %d, null pages %d, ties %d, lost fronts %d: want some of each", waits, caps, nulls, ties, forgets)
	}
	if len(workers) != 3 || len(ways) != 3 {
		t.Errorf("workers %v, ways %v: want three of each", workers, ways)
	}
}

func TestShortDays(t *testing.T) {
	synctest.Test(t, testShortDays)
}

func testShortDays(t *testing.T) {
	const d = 20 * time.Millisecond
	now := shortDays(d)
	last, midnights := now(), 0
	for midnights < 3 {
		at := now()
		if at.Before(last) {
			t.Fatalf("the clock went back from %v to %v", last, at)
		}
		if left := at.Truncate(day).Add(day).Sub(at); left > d {
			t.Fatalf("at %v midnight is %v away, want %v at most", at, left, d)
		}
		if !at.Truncate(day).Equal(last.Truncate(day)) {
			midnights++
		}
		last = at
		time.Sleep(time.Millisecond)
	}
}
