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
