package worker

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// changed returns how a list is served whose jobs have another name and another Created.
func changed(name func(string) string, created func(time.Time) string) func(airtest.Request, []air.Job) []air.Job {
	return func(_ airtest.Request, page []air.Job) []air.Job {
		page = slices.Clone(page)
		for i := range page {
			page[i].Name = name(page[i].Name)
			if made, ok := page[i].CreatedAt(); ok {
				page[i].Created = created(made)
			}
		}
		return page
	}
}

// A list that changes the names may hold the lost job under one of them, whatever it gives as Created: no clock decides
// that it is too old. The item stays in doubt.
func TestCreatedOfAnotherClockProvesNoAbsence(t *testing.T) {
	format := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	created := map[string]func(time.Time) string{
		"8 h behind":      func(t time.Time) string { return format(t.Add(-8 * time.Hour)) },
		"8 h ahead":       func(t time.Time) string { return format(t.Add(8 * time.Hour)) },
		"of whole days":   func(t time.Time) string { return format(t.Truncate(24 * time.Hour)) },
		"1970":            func(time.Time) string { return "1970-01-01T00:00:00Z" },
		"absent":          func(time.Time) string { return "" },
		"from new to old": func(t time.Time) string { return format(time.Unix(0, 0).Add(-time.Duration(t.Unix()))) },
	}
	names := map[string]func(string) string{
		"upper-cased": strings.ToUpper,
		"cut":         func(s string) string { return s[:len(s)-3] },
		"absent":      func(string) string { return "" },
	}
	for what, created := range created {
		for how, name := range names {
			t.Run(fmt.Sprintf("Created %s, names %s", what, how), func(t *testing.T) {
				c := airtest.Config{Script: once(5, airtest.ResetAfter), EditRecords: changed(name, created)}
				inBubble(t, 8, c, func(b *bubble) {
					b.ok(b.run(1, func(c *Config) { c.Workers = 1 }))
					b.want(queue.Counts{Submitted: 7, InDoubt: 1})
					// Nor does a later run that takes it up again send it.
					b.close()
					time.Sleep(time.Hour)
					b.open()
					b.add(8, 10)
					b.ok(b.run(1, func(c *Config) { c.Workers = 1 }))
					b.want(queue.Counts{Submitted: 9, InDoubt: 1})
				})
			})
		}
	}
}

// Jobs that somebody else made before one that the queue knows since before the attempt are no hindrance, even if the
// list's clock is hours ahead; those behind no such job are.
func TestStrangersBehindAKnownJobAreTooOld(t *testing.T) {
	for _, by := range []time.Duration{-8 * time.Hour, 0, 8 * time.Hour} {
		for _, behind := range []bool{true, false} {
			t.Run(fmt.Sprintf("Created %v, behind: %v", by, behind), func(t *testing.T) {
				c := airtest.Config{Script: once(8, airtest.ResetBefore), EditRecords: changed(
					func(s string) string { return s }, func(t time.Time) string { return t.Add(by).UTC().Format(time.RFC3339Nano) })}
				inBubble(t, 5, c, func(b *bubble) {
					change := func(c *Config) { c.Workers, c.TrustQueue = 1, true }
					b.ok(b.run(1, change))
					plant := func() { b.air.Plant(stranger(batch, "by-hand", "by-hand")) }
					if behind {
						plant()
						time.Sleep(time.Second)
						b.add(5, 7)
						b.ok(b.run(1, change))
						b.add(7, 10)
					} else {
						b.add(5, 7)
						b.ok(b.run(1, change))
						time.Sleep(time.Second)
						plant()
						time.Sleep(time.Hour)
						b.add(7, 10)
					}
					b.ok(b.run(1, change))
					if behind {
						b.want(queue.Counts{Submitted: 10})
					} else {
						b.want(queue.Counts{Submitted: 9, InDoubt: 1})
					}
				})
			})
		}
	}
}

// The time of an adopted job is AiR's own: it shows that the job is older than an attempt only if the queue was opened
// after the adoption and before the attempt, or if no clock can be so far off.
func TestTimesOfAdoptedJobsAreNotOurs(t *testing.T) {
	noon := time.Date(2024, 2, 28, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		status int
		at     time.Time // by the queue; it was created at noon
		opened time.Time
		began  time.Time // of the attempt
		older  bool
	}{
		{"accepted before", 200, noon.Add(time.Second), noon, noon.Add(time.Minute), true},
		{"accepted after", 200, noon.Add(time.Hour), noon, noon.Add(time.Minute), false},
		{"accepted in the same millisecond", 200, noon, noon.Add(-time.Hour), noon, false},
		{"adopted after an attempt of an earlier run", 0, noon, noon.Add(10 * time.Hour), noon.Add(8 * time.Hour), false},
		{"adopted before this run and its attempt", 0, noon, noon.Add(10 * time.Hour), noon.Add(11 * time.Hour), true},
		{"adopted days before an attempt of an earlier run", 0, noon, noon.Add(90 * time.Hour), noon.Add(80 * time.Hour), true},
		{"found by a lookup", 0, noon.Add(time.Hour), noon, noon.Add(2 * time.Hour), true},
	} {
		r := newestReading{newest: newest{since: c.began, sorted: true}, opened: c.opened}
		r.had(&queue.Record{HTTPStatus: c.status, At: c.at}, noon)
		if older := r.boundary.Equal(noon) && r.tied.Before(c.began); older != c.older {
			t.Errorf("%s: got older than the attempt: %v, want %v", c.name, older, c.older)
		}
	}
}
