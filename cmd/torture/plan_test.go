package main

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"airlift/worker/air/airtest"
)

const slack = 500 * time.Millisecond

func TestAPlanFollowsFromItsSeed(t *testing.T) {
	for n := range 500 {
		seed := roundSeed(1, n)
		p := newPlan(seed, slack)
		if again := newPlan(seed, slack); !reflect.DeepEqual(p, again) {
			t.Fatalf("seed %#x gives two plans:\n%v\n%v", seed, p, again)
		}
		if p.MidnightIn > 0 && (p.NoDate || p.ExitOnCap || p.Post.has(airtest.Cap429)) {
			t.Errorf("seed %#x cannot wait for midnight: %v", seed, p)
		}
		latest := p.Lag
		for n := range 200 {
			q := airtest.Request{Method: http.MethodPost, N: n + 1}
			f := p.fault(q)
			if f.Kind == airtest.Late {
				latest = max(latest, p.Lag+f.Delay)
			}
			if again := p.fault(q); !reflect.DeepEqual(f, again) {
				t.Fatalf("seed %#x gives request %d two faults: %v and %v", seed, n+1, f, again)
			}
		}
		if p.Settle < latest+slack {
			t.Errorf("seed %#x: a job may be listed %v after a kill, beyond the settle window of %v less the slack", seed, latest, p.Settle)
		}
	}
}

// Among 500 plans each way to end a process, each fault and each setting occurs.
func TestPlansCoverAll(t *testing.T) {
	seen := map[any]int{}
	for n := range 500 {
		p := newPlan(roundSeed(1, n), slack)
		for n := range 200 {
			seen[p.fault(airtest.Request{Method: http.MethodPost, N: n + 1}).Kind]++
		}
		for _, k := range p.List.Kinds {
			seen["list "+k]++
		}
		for _, e := range p.Ends {
			seen[e.Kind]++
		}
		for _, a := range p.Company {
			seen[a.Kind]++
			if a.Slow {
				seen["slow"]++
			}
			if a.Kind.works() {
				seen[fmt.Sprint("beside: ", a.End.Kind)]++
			}
		}
		for _, k := range limitsOf(p.kinds()) {
			seen[k]++
		}
		p.mustFit(t)
		for setting, has := range map[string]bool{
			"midnight": p.MidnightIn > 0, "short pages": p.PageCap > 0, "null pages": p.NullPages, "ties": p.Ties > 0, "lost front": p.Forget,
			fmt.Sprint("workers ", p.Workers): true, fmt.Sprint("way ", p.Way): true,
		} {
			if has {
				seen[setting]++
			}
		}
	}
	wantAll(t, seen, "rounds that end a process by", slices.DeleteFunc(slices.Clone(endKinds), func(k endKind) bool { return k == byItself }), 1)
	wantAll(t, seen, "POSTs with the fault", postFaults, 1)
	wantAll(t, seen, "rounds with the fault", listsOf(listFaults), 1)
	wantAll(t, seen, "times beside a round", actKinds, 10)
	wantAll(t, seen, "processes that end", []string{"slow", "beside: by itself", "beside: SIGINT", "beside: SIGTERM", "beside: kill -9 after a time"}, 10)
	wantAll(t, seen, "rounds with", []string{"midnight", "short pages", "null pages", "ties", "lost front"}, 10)
	wantAll(t, seen, "rounds limited by", limitsOf(limitKinds), 10)
	for _, prefix := range []string{"workers ", "way "} {
		variants := 0
		for k := range seen {
			if s, ok := k.(string); ok && strings.HasPrefix(s, prefix) {
				variants++
			}
		}
		if variants != 3 {
			t.Errorf("%d kinds of %s: want three", variants, prefix)
		}
	}
}

// mustFit fails the test if what others do does not fit the round.
func (p plan) mustFit(t *testing.T) {
	if alone := len(p.Company) == 0; alone && p.Other > 0 && !p.Second || !alone && p.Forget {
		t.Errorf("seed %#x: the company does not fit the round: %v", p.Seed, p)
	}
}

func wantAll[T any](t *testing.T, seen map[any]int, what string, all []T, least int) {
	t.Helper()
	for _, k := range all {
		if seen[k] < least {
			t.Errorf("%d %s %q, want %d or more", seen[k], what, any(k), least)
		}
	}
}

// listsOf returns the faults as those of lists.
func listsOf(kinds []airtest.Kind) (lists []airtest.Kind) {
	for _, k := range kinds {
		lists = append(lists, "list "+k)
	}
	return lists
}

// limitsOf returns the names as those of limits.
func limitsOf(kinds []string) (limits []string) {
	for _, k := range kinds {
		limits = append(limits, "limit "+k)
	}
	return limits
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
