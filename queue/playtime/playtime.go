package playtime

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"airlift/queue"
)

// Column is the name of the column, in any case.
const Column = "duration"

// longest is the longest playing time that is believed: more is a number of another unit.
const longest = 10_000 * time.Hour

// Of returns how long the media of an item play, in whole milliseconds, rounded up; 0 if that is not known.
func Of(it *queue.Item) time.Duration {
	for i := range it.Extra {
		if strings.EqualFold(it.Extra[i].Name, Column) {
			return parse(it.Extra[i].Value)
		}
	}
	return 0
}

// parse reads seconds, such as 5400 or 93.25, or a duration such as 1h30m.
func parse(text string) time.Duration {
	text = strings.TrimSpace(text)
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0
		}
		seconds = d.Seconds()
	}
	if !(seconds > 0 && seconds <= longest.Seconds()) { // nor not a number
		return 0
	}
	return time.Duration(math.Ceil(seconds*1000-1e-6)) * time.Millisecond
}

// Known reports whether one of the columns tells playing times.
func Known(columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool { return strings.EqualFold(name, Column) })
}

// Keep adds a playing time that was found to the columns of an item, unless its row says one.
func Keep(it *queue.Item, d time.Duration) {
	if d < time.Millisecond {
		return
	}
	value := strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
	at := slices.IndexFunc(it.Extra, func(f queue.Field) bool { return strings.EqualFold(f.Name, Column) })
	switch {
	case at < 0:
		it.Extra = append(slices.Clip(it.Extra), queue.Field{Name: Column, Value: value})
	case strings.TrimSpace(it.Extra[at].Value) == "":
		it.Extra = slices.Clone(it.Extra) // rows may share it
		it.Extra[at].Value = value
	}
}
