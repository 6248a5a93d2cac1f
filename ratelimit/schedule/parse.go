package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"airlift/ratelimit"
)

// The right forms, as errors show them.
const (
	tableForm  = `"Mon-Fri 08:00 1/s, 20:00 20/s, Sat 50/s"`
	windowForm = `"22:00-06:00" or "Sat,Sun 00:00-24:00"`
)

// entry is a rate that holds from a minute of the week on.
type entry struct {
	from int
	rate rate.Limit
}

// rateAt returns the rate of a minute of the week.
func rateAt(rates []entry, minute int) rate.Limit {
	r := rate.Inf
	if len(rates) > 0 {
		r = rates[len(rates)-1].rate // since the week before
	}
	for _, e := range rates {
		if e.from <= minute {
			r = e.rate
		}
	}
	return r
}

// IsTable reports whether a rate is written as a table.
func IsTable(text string) bool {
	text = strings.TrimSpace(text)
	return strings.ContainsAny(text, ",: \t\n") && !isPlainRate(text)
}

// isPlainRate reports whether the text is a rate alone, which may have spaces.
func isPlainRate(text string) bool {
	_, err := ratelimit.ParseRate(text)
	return err == nil
}

// parseRates reads a rate, or a table of rates. Entries of a table are separated by commas; each has days, else those
// of the entry before it or, for the first, all, and a time, else 00:00.
func parseRates(text string) ([]entry, error) {
	if text == "" {
		return nil, nil
	}
	if !IsTable(text) {
		r, err := ratelimit.ParseRate(text)
		return []entry{{0, r}}, err
	}
	var all []entry
	days, waiting := allDays, ""
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(waiting + part)
		if _, err := parseDays(part); err == nil { // a list of days has commas too
			waiting = part + ","
			continue
		}
		waiting = ""
		more, of, err := parseEntry(part, days)
		if err != nil {
			return nil, fmt.Errorf("rate table %q: %w; write it like %s", text, err, tableForm)
		}
		all, days = append(all, more...), of
	}
	if waiting != "" {
		return nil, fmt.Errorf("rate table %q: %q has no rate; write it like %s", text, strings.TrimSuffix(waiting, ","), tableForm)
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(all); i++ {
		if all[i].from == all[i-1].from {
			return nil, fmt.Errorf("rate table %q: %s has two rates", text, minuteText(all[i].from))
		}
	}
	if !slices.ContainsFunc(all, func(e entry) bool { return e.rate != all[0].rate }) {
		return nil, fmt.Errorf("rate table %q: all week has one rate; write that alone, or a second rate like in %s", text, tableForm)
	}
	return all, nil
}

// parseEntry reads an entry of a table, and returns its days for the next.
func parseEntry(text string, days []time.Weekday) ([]entry, []time.Weekday, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return nil, nil, fmt.Errorf("an entry is empty")
	}
	last := len(fields) - 1
	r, err := ratelimit.ParseRate(fields[last])
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w (--window says when nothing is sent)", text, err)
	}
	fields, minute := fields[:last], 0
	if n := len(fields); n > 0 && strings.Contains(fields[n-1], ":") {
		if minute, err = parseTime(fields[n-1]); err == nil && minute == dayMinutes {
			err = fmt.Errorf("24:00 is 00:00 of the next day")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%q: %w", text, err)
		}
		fields = fields[:n-1]
	}
	if len(fields) > 0 {
		if days, err = parseDays(strings.Join(fields, " ")); err != nil {
			return nil, nil, fmt.Errorf("%q: %w", text, err)
		}
	}
	var all []entry
	for _, d := range days {
		all = append(all, entry{int(d)*dayMinutes + minute, r})
	}
	return all, days, nil
}

// span is a part of the week, in minutes. It may end in the next week.
type span struct{ from, to int }

func (s span) has(minute int) bool {
	return s.from <= minute && minute < s.to || minute+weekMinutes < s.to
}

// parseWindow reads a window: days, or none for all, and two times. If the second is not after the first it is that of the
// next day.
func parseWindow(text string) ([]span, error) {
	bad := func(err error) ([]span, error) {
		return nil, fmt.Errorf("window %q: %w; write it like %s", text, err, windowForm)
	}
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return bad(fmt.Errorf("it is empty"))
	}
	days, last := allDays, len(fields)-1
	begin, end, both := strings.Cut(fields[last], "-")
	if !both || !strings.Contains(fields[last], ":") {
		return bad(fmt.Errorf("%q is not two times", fields[last]))
	}
	from, err := parseTime(begin)
	if err != nil {
		return bad(err)
	}
	to, err := parseTime(end)
	if err != nil {
		return bad(err)
	}
	switch {
	case from == to, from == dayMinutes:
		return bad(fmt.Errorf("%q is no time at all (00:00-24:00 is a whole day)", fields[last]))
	case to < from:
		to += dayMinutes
	}
	if last > 0 {
		if days, err = parseDays(strings.Join(fields[:last], " ")); err != nil {
			return bad(err)
		}
	}
	var all []span
	for _, d := range days {
		all = append(all, span{int(d)*dayMinutes + from, int(d)*dayMinutes + to})
	}
	return all, nil
}

// parseTime reads HH:MM, up to 24:00, and returns the minute of the day.
func parseTime(text string) (int, error) {
	hour, minute, ok := strings.Cut(text, ":")
	h, err := strconv.ParseUint(hour, 10, 8)
	m, err2 := strconv.ParseUint(minute, 10, 8)
	if !ok || err != nil || err2 != nil || len(minute) != 2 || len(hour) > 2 || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, fmt.Errorf("%q is no time from 00:00 to 24:00", text)
	}
	return int(h*60 + m), nil
}

// allDays are the days of the week.
var allDays = []time.Weekday{0, 1, 2, 3, 4, 5, 6}

// parseDays reads days and ranges of days with commas between.
func parseDays(text string) (days []time.Weekday, err error) {
	for _, part := range strings.Split(text, ",") {
		begin, end, isRange := strings.Cut(part, "-")
		from, err := parseDay(begin)
		to := from
		if err == nil && isRange {
			to, err = parseDay(end)
		}
		if err != nil {
			return nil, err
		}
		for d := from; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == to {
				break
			}
		}
	}
	slices.Sort(days)
	return slices.Compact(days), nil
}

// parseDay reads the English name of a day, or its first three letters.
func parseDay(text string) (time.Weekday, error) {
	text = strings.TrimSpace(text)
	for _, d := range allDays {
		if strings.EqualFold(text, d.String()) || strings.EqualFold(text, d.String()[:3]) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q is no day: use Mon, Tue, Wed, Thu, Fri, Sat or Sun", text)
}

// minuteText writes a minute of the week.
func minuteText(minute int) string {
	return fmt.Sprintf("%s %02d:%02d", time.Weekday(minute / dayMinutes).String()[:3], minute%dayMinutes/60, minute%60)
}
