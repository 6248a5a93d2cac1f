package schedule

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"airlift/ratelimit"
)

func parse(t *testing.T, c Config) Schedule {
	t.Helper()
	s, err := Parse(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

// What holds at an instant, and when that changes, as "rate until UTC" or "shut until UTC".
func TestSchedule(t *testing.T) {
	week := "Mon-Fri 08:00 1/s, 20:00 20/s, Sat 50/s"
	night := []string{"22:00-06:00"}
	for _, c := range []struct {
		rate    string
		windows []string
		zone    string
		at      string
		want    string
	}{
		{"5/s", nil, "UTC", "2026-03-02T08:00:00Z", "5/s until never"},
		{"", nil, "", "2026-03-02T08:00:00Z", "unlimited until never"},
		{week, nil, "Europe/Berlin", "2026-03-02T06:59:59Z", "50/s until Mon 2026-03-02T07:00:00Z"},
		{week, nil, "Europe/Berlin", "2026-03-02T07:00:00Z", "1/s until Mon 2026-03-02T19:00:00Z"},
		{week, nil, "Europe/Berlin", "2026-03-02T19:00:00Z", "20/s until Tue 2026-03-03T07:00:00Z"},
		{week, nil, "Europe/Berlin", "2026-03-06T22:59:00Z", "20/s until Fri 2026-03-06T23:00:00Z"},
		{week, nil, "Europe/Berlin", "2026-03-06T23:00:00Z", "50/s until Mon 2026-03-09T07:00:00Z"},
		{week, nil, "America/New_York", "2026-03-02T12:59:59Z", "50/s until Mon 2026-03-02T13:00:00Z"},
		{"", night, "UTC", "2026-12-31T21:59:59Z", "shut until Thu 2026-12-31T22:00:00Z"},
		{"", night, "UTC", "2026-12-31T22:00:00Z", "unlimited until Fri 2027-01-01T06:00:00Z"},
		{"", []string{"Sat,Sun 00:00-24:00"}, "UTC", "2026-03-06T12:00:00Z", "shut until Sat 2026-03-07T00:00:00Z"},
		{"", []string{"Sat,Sun 00:00-24:00"}, "UTC", "2026-03-07T12:00:00Z", "unlimited until Mon 2026-03-09T00:00:00Z"},
		{"", []string{"Sat 22:00-06:00"}, "UTC", "2026-03-08T05:00:00Z", "unlimited until Sun 2026-03-08T06:00:00Z"},
		{"", []string{"Fri 22:00-06:00"}, "UTC", "2026-03-08T05:00:00Z", "shut until Fri 2026-03-13T22:00:00Z"},
		{"", []string{"22:00-06:00", "12:00-13:00"}, "UTC", "2026-03-02T06:00:00Z", "shut until Mon 2026-03-02T12:00:00Z"},
		{"00:00 5/s, 23:00 9/s", night, "UTC", "2026-03-02T22:30:00Z", "5/s until Mon 2026-03-02T23:00:00Z"},
		// 29 February and its morrow.
		{"Tue 00:00 5/s, Wed 00:00 7/s", nil, "UTC", "2028-02-29T23:59:59Z", "5/s until Wed 2028-03-01T00:00:00Z"},
		{"", night, "UTC", "2028-02-28T22:30:00Z", "unlimited until Tue 2028-02-29T06:00:00Z"},
		// 29 March 2026: 02:00 in Berlin is 03:00. What begins at a time that does not exist begins then.
		{"00:00 5/s, 02:30 9/s, 12:00 1/s", nil, "Europe/Berlin", "2026-03-29T00:00:00Z", "5/s until Sun 2026-03-29T01:00:00Z"},
		{"00:00 5/s, 02:30 9/s, 12:00 1/s", nil, "Europe/Berlin", "2026-03-29T01:00:00Z", "9/s until Sun 2026-03-29T10:00:00Z"},
		{"", []string{"02:00-03:00"}, "Europe/Berlin", "2026-03-29T00:59:59Z", "shut until Mon 2026-03-30T00:00:00Z"},
		{"", night, "Europe/Berlin", "2026-03-28T21:00:00Z", "unlimited until Sun 2026-03-29T04:00:00Z"}, // seven hours
		// 25 October 2026: 03:00 in Berlin is 02:00 again, and the hour holds twice.
		{"00:00 5/s, 02:30 9/s", nil, "Europe/Berlin", "2026-10-25T00:29:59Z", "5/s until Sun 2026-10-25T00:30:00Z"},
		{"00:00 5/s, 02:30 9/s", nil, "Europe/Berlin", "2026-10-25T00:30:00Z", "9/s until Sun 2026-10-25T01:00:00Z"},
		{"00:00 5/s, 02:30 9/s", nil, "Europe/Berlin", "2026-10-25T01:00:00Z", "5/s until Sun 2026-10-25T01:30:00Z"},
		{"", night, "Europe/Berlin", "2026-10-24T20:00:00Z", "unlimited until Sun 2026-10-25T05:00:00Z"}, // nine hours
	} {
		s, now := parse(t, Config{c.rate, c.windows, c.zone}), at(t, c.at)
		is, next := s.At(now), s.Next(now)
		got, end := "shut", "never"
		if is.Open {
			got = ratelimit.FormatRate(is.Rate)
		}
		if !next.IsZero() {
			end = next.UTC().Format("Mon ") + next.UTC().Format(time.RFC3339)
		}
		if got += " until " + end; got != c.want {
			t.Errorf("%q %q in %s at %s:\n got %s\nwant %s", c.rate, c.windows, c.zone, c.at, got, c.want)
		}
	}
}

// Errors name the part that is wrong and show the right form.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		c    Config
		want string
	}{
		{Config{Rate: "5/x"}, "the unit is s, m or h"},
		{Config{Rate: "Mon-Fri 08:00 0/s, 20:00 20/s"}, `"0/s": write a number above 0`},
		{Config{Rate: "Mon-Fri 08:00 off, 20:00 20/s"}, `rate "off"`},
		{Config{Rate: "Mon-Fry 08:00 1/s, 20:00 20/s"}, `"Fry" is no day`},
		{Config{Rate: "Mon-Fri 8 Uhr 1/s, 20:00 20/s"}, `"Fri 8 Uhr" is no day`},
		{Config{Rate: "25:00 1/s, 20:00 20/s"}, `"25:00" is no time`},
		{Config{Rate: "24:00 1/s, 20:00 20/s"}, `24:00 is 00:00 of the next day`},
		{Config{Rate: "8:0 1/s, 20:00 20/s"}, `"8:0" is no time`},
		{Config{Rate: "08:00 1/s, 08:00 2/s"}, "Sun 08:00 has two rates"},
		{Config{Rate: "08:00 1/s"}, "all week has one rate"},
		{Config{Rate: "08:00 1/s,, 20:00 2/s"}, "an entry is empty"},
		{Config{Rate: "08:00 1/s, Sat,Sun"}, `"Sat,Sun" has no rate`},
		{Config{Windows: []string{"22-06"}}, `"22-06" is not two times; write it like "22:00-06:00"`},
		{Config{Windows: []string{"22:00"}}, `"22:00" is not two times`},
		{Config{Windows: []string{""}}, "it is empty"},
		{Config{Windows: []string{"22:00-22:00"}}, "is no time at all (00:00-24:00 is a whole day)"},
		{Config{Windows: []string{"Sa 22:00-23:00"}}, `"Sa" is no day`},
		{Config{Windows: []string{"22:00-6pm"}}, `"6pm" is no time`},
		{Config{Zone: "Berlin"}, `time zone "Berlin": there is none of that name; write one like Europe/Berlin`},
	} {
		if _, err := Parse(c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %s", c.c, err, c.want)
		}
	}
}

func TestText(t *testing.T) {
	s := parse(t, Config{"Mon-Fri 08:00 1/s, 20:00 20/s, Sat 50/s", []string{"Sun-Fri 00:00-24:00", "Sat 06:00-24:00"}, "Europe/Berlin"})
	for now, want := range map[string]string{
		"2026-03-02T12:00:00Z": "1/s until 20:00 (Europe/Berlin), then 20/s",
		"2026-03-06T22:00:00Z": "20/s until 00:00 (Europe/Berlin), then nothing is sent (outside of --window Sun-Fri 00:00-24:00, Sat 06:00-24:00)",
		"2026-03-06T23:00:00Z": "nothing is sent (outside of --window Sun-Fri 00:00-24:00, Sat 06:00-24:00) until 06:00 (Europe/Berlin), then 50/s",
		"2026-03-07T07:00:00Z": "50/s until Mon 08:00 (Europe/Berlin), then 1/s",
	} {
		if got := s.Text(at(t, now)); got != want {
			t.Errorf("at %s:\n got %s\nwant %s", now, got, want)
		}
	}
	s = parse(t, Config{"Mon-Fri 00:00 3/s, 20:00 20/s, Sat 50/s", []string{"03:00-03:10"}, "UTC"})
	const want = "nothing is sent (outside of --window 03:00-03:10) until 03:00 (UTC), then 3/s" // and not until 20:00
	if got := s.Text(at(t, "2026-03-02T12:00:00Z")); got != want {
		t.Errorf("outside of the window\n got %s\nwant %s", got, want)
	}
}

// anySchedule draws a schedule, and what it must say by a slow way: the minute of the week to what holds.
func anySchedule(t *rapid.T) (Schedule, func(minute int) State) {
	rates, windows := map[int]rate.Limit{}, map[int]bool{}
	var entries, spans []string
	minute := rapid.OneOf(rapid.IntRange(0, 24*60-1), rapid.IntRange(110, 190))
	for range rapid.IntRange(0, 6).Draw(t, "entries") {
		day, m, r := rapid.IntRange(0, 6).Draw(t, "day"), minute.Draw(t, "minute"), rapid.IntRange(1, 4).Draw(t, "rate")
		if _, twice := rates[day*1440+m]; twice {
			continue
		}
		rates[day*1440+m] = rate.Limit(r)
		entries = append(entries, fmt.Sprintf("%s %02d:%02d %d/s", time.Weekday(day), m/60, m%60, r))
	}
	for range rapid.IntRange(0, 4).Draw(t, "windows") {
		day, from, to := rapid.IntRange(0, 6).Draw(t, "day"), minute.Draw(t, "from"), minute.Draw(t, "to")
		if from == to {
			continue
		}
		spans = append(spans, fmt.Sprintf("%s %02d:%02d-%02d:%02d", time.Weekday(day), from/60, from%60, to/60, to%60))
		if to < from {
			to += 1440
		}
		for m := from; m < to; m++ {
			windows[(day*1440+m)%weekMinutes] = true
		}
	}
	zone := rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"}).Draw(t, "zone")
	s, err := Parse(Config{strings.Join(entries, ", "), spans, zone})
	if err != nil {
		if strings.Contains(err.Error(), "one rate") {
			t.Skip()
		}
		t.Fatal(err)
	}
	all, is := make([]State, weekMinutes), State{Rate: rate.Inf}
	for m := range 2 * weekMinutes { // the second time with what holds since the week before
		is.Open = len(spans) == 0 || windows[m%weekMinutes]
		if r, begins := rates[m%weekMinutes]; begins {
			is.Rate = r
		}
		all[m%weekMinutes] = is
	}
	return s, func(m int) State { return all[m] }
}

// anyInstant draws an instant of 2026 to 2029, often near a change of the clocks.
func anyInstant(t *rapid.T) time.Time {
	base := rapid.SampledFrom([]time.Time{
		time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC), time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC),
	}).Draw(t, "near")
	return base.Add(time.Duration(rapid.IntRange(-2*86400, 2*86400).Draw(t, "seconds")) * time.Second)
}

// The schedule says at any instant what the table and the windows say of the clock on the wall; until the next change
// nothing changes, and then something does.
func TestNextChangeIsTheNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, want := anySchedule(t)
		now := anyInstant(t)
		is, next := s.At(now), s.Next(now)
		if slow := want(minuteOfWeek(now.In(s.Zone()))); is != slow {
			t.Fatalf("at %v: got %+v, want %+v", now.In(s.Zone()), is, slow)
		}
		end := next
		if next.IsZero() {
			end = now.Add(8 * 24 * time.Hour)
		} else if !next.After(now) || s.At(next) == is || s.At(next.Add(-1)) != is {
			t.Fatalf("at %v, %+v: the next change is at %v to %+v", now, is, next, s.At(next))
		}
		for m := now; m.Before(end); m = m.Truncate(time.Minute).Add(time.Duration(1+rapid.IntRange(0, 40).Draw(t, "step")) * time.Minute) {
			if slow := want(minuteOfWeek(m.In(s.Zone()))); slow != is {
				t.Fatalf("at %v: %+v, but at %v it is said to hold until %v", m, slow, now, next)
			}
		}
	})
}

// RateAt says the same as At and Next, in whatever order it is asked.
func TestRateAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _ := anySchedule(t)
		rateAt := s.RateAt()
		for range 5 {
			now := anyInstant(t)
			is, want := s.At(now), 0.0
			if is.Open {
				want = perSecond(is.Rate)
			}
			if rateAt == nil {
				if !math.IsInf(want, 1) || !s.Next(now).IsZero() {
					t.Fatalf("at %v: %+v, and RateAt says that there is no limit", now, is)
				}
				continue
			}
			if got, until := rateAt(now); got != want || !until.Equal(s.Next(now)) {
				t.Fatalf("at %v: got %v until %v, want %v until %v", now, got, until, want, s.Next(now))
			}
		}
	})
}

// The rules for the years that the zone's file does not list are used right, too, on the last day of a leap year above all.
func TestEachChangeIsLaterThanTheOneBefore(t *testing.T) {
	s := parse(t, Config{"Mon-Fri 08:00 1/s, 20:00 20/s, Sat 50/s", []string{"22:00-06:00"}, "Europe/Berlin"})
	zone := s.Zone()
	for now := at(t, "2039-06-01T00:00:00Z"); now.Year() < 2050; {
		next := s.Next(now)
		if !next.After(now) || next.Sub(now) > 17*time.Hour {
			t.Fatalf("at %v: the next change is at %v", now.In(zone), next.In(zone))
		}
		now = next
	}
}

func BenchmarkNext(b *testing.B) {
	s, err := Parse(Config{Rate: "Mon-Fri 08:00 1/s, 20:00 20/s, Sat 50/s", Windows: []string{"22:00-06:00"}, Zone: "Europe/Berlin"})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		_ = s.Next(now)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Mon-Fri 08:00 1/s, 20:00 20/s, Sat 50/s", "22:00-06:00")
	f.Add("Sat,Sun 5/m,Mon unlimited", "Sat,Sun 00:00-24:00")
	f.Fuzz(func(t *testing.T, rates, window string) {
		s, err := Parse(Config{Rate: rates, Windows: []string{window}, Zone: "Europe/Berlin"})
		if err != nil {
			return
		}
		now := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
		for range 20 {
			is, next := s.At(now), s.Next(now)
			if !next.IsZero() && (!next.After(now) || s.At(next) == is) || !(is.Rate > 0) {
				t.Fatalf("%q %q: at %v %+v, next %v", rates, window, now, is, next)
			}
			if next.IsZero() {
				return
			}
			now = next
		}
	})
}
