package flags

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/ratelimit"
	"airlift/worker/service"
)

// Forecast has the flags of forecast.
type Forecast struct {
	limits     Limits
	whatIf, by string
	ByDay      bool
	JSON       bool
}

// Add adds all flags.
func (o *Forecast) Add(cmd *cobra.Command) {
	o.limits.Add(cmd, " while no run is going on")
	f := cmd.Flags()
	f.StringVar(&o.whatIf, "what-if", "", "assume other values, such as rate=20/s,daily=40000,items=1000000 (daily=0: no daily limit of our own)")
	f.StringVar(&o.by, "by", "", "say what it takes to be done by then: a date (the whole day in UTC), or RFC 3339")
	f.BoolVar(&o.ByDay, "by-day", false, "list every day")
	f.BoolVar(&o.JSON, "json", false, "print one JSON object, and nothing else, on standard output")
	config.CommandLineOnly(f, "what-if", "by", "by-day")
}

// Query returns what is asked.
func (o *Forecast) Query(batches []string) (service.ForecastQuery, error) {
	q := service.ForecastQuery{Batches: batches}
	limits, err := o.limits.Parse()
	if err != nil {
		return q, err
	}
	q.Limits = service.AssumedOf(limits)
	if q.WhatIf, err = parseWhatIf(o.whatIf); err == nil {
		q.By, err = parseBy(o.by)
	}
	return q, err
}

// parseWhatIf reads name=value pairs.
func parseWhatIf(text string) (w service.WhatIf, err error) {
	given := map[string]bool{}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(pair, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if text == "" {
			break
		}
		if given[name] {
			return w, config.Usagef("--what-if %s: %s is given twice", text, name)
		}
		given[name] = true
		switch name {
		case "rate":
			if w.Rate, err = ratelimit.ParseRate(value); err != nil {
				return w, config.Usagef("--what-if: %v", err)
			}
		case "daily":
			w.Daily, err = wholeNumber(value)
		case "items":
			w.Items, err = wholeNumber(value)
		default:
			return w, config.Usagef("--what-if %s: use rate=N/s, daily=N and items=N, separated by commas", text)
		}
		if err != nil {
			return w, config.Usagef("--what-if %s: %s must be a whole number, 0 or more", text, name)
		}
	}
	return w, nil
}

// maxNumber is more items than any queue has.
const maxNumber = 1e15

func wholeNumber(text string) (*int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && (n < 0 || n > maxNumber) {
		err = strconv.ErrRange
	}
	return &n, err
}

// parseBy reads a date, which means its end in UTC, or a time; empty: zero.
func parseBy(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, config.Usagef("--by %s: give a date like 2026-03-14, or a time like 2026-03-14T18:00:00Z", text)
	}
	return at, nil
}
