package ratelimit

import (
	"testing"
	"time"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestNextMidnightUTC(t *testing.T) {
	for _, c := range []struct{ now, want string }{
		{"2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"},
		{"2026-11-24T23:59:59.999999999Z", "2026-11-25T00:00:00Z"},
		{"2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z"},
		{"2028-02-28T12:00:00Z", "2028-02-29T00:00:00Z"},
		{"2026-11-24T22:30:00-05:00", "2026-11-26T00:00:00Z"},
		{"2026-11-24T00:30:00+02:00", "2026-11-24T00:00:00Z"},
	} {
		if got := NextMidnightUTC(at(c.now)); !got.Equal(at(c.want)) {
			t.Errorf("NextMidnightUTC(%s): got %v, want %s", c.now, got, c.want)
		}
	}
}

func TestResumeAt(t *testing.T) {
	midnight := func(server time.Time) time.Time { return NextMidnightUTC(server).Add(5 * time.Second) }
	for name, c := range map[string]struct{ date, sent, ended, want string }{
		"clocks agree":                 {"2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z", "2026-11-25T00:00:05Z"},
		"no date: our clock":           {"", "2026-11-24T12:00:00Z", "2026-11-24T12:00:01Z", "2026-11-25T00:00:05Z"},
		"our clock an hour behind":     {"2026-11-24T23:30:00Z", "2026-11-24T22:30:00Z", "2026-11-24T22:30:00Z", "2026-11-24T23:00:05Z"},
		"our clock an hour ahead":      {"2026-11-24T23:30:00Z", "2026-11-25T00:30:00Z", "2026-11-25T00:30:00Z", "2026-11-25T01:00:05Z"},
		"answer straddles midnight":    {"2026-11-25T00:00:00Z", "2026-11-24T23:59:59.9Z", "2026-11-25T00:00:00.1Z", "2026-11-25T00:00:05.1Z"},
		"a slow answer over midnight":  {"2026-11-25T00:00:10Z", "2026-11-24T23:59:50Z", "2026-11-25T00:00:10Z", "2026-11-25T00:00:05Z"},
		"sent just after midnight":     {"2026-11-25T00:00:01Z", "2026-11-25T00:00:00.5Z", "2026-11-25T00:00:01Z", "2026-11-26T00:00:05Z"},
		"another time zone changes it": {"2026-11-24T12:00:00Z", "2026-11-24T07:00:00-05:00", "2026-11-24T07:00:00-05:00", "2026-11-25T00:00:05Z"},
	} {
		var date time.Time
		if c.date != "" {
			date = at(c.date)
		}
		if got := ResumeAt(date, at(c.sent), at(c.ended), midnight); !got.Equal(at(c.want)) {
			t.Errorf("%s: got %v, want %s", name, got.UTC().Format(time.RFC3339Nano), c.want)
		}
	}
}
