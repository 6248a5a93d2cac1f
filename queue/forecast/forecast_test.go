package forecast

import (
	"math"
	"strings"
	"testing"
	"time"
)

var (
	noon = time.Date(2024, 2, 28, 12, 0, 0, 0, time.UTC)
	inf  = math.Inf(1)
)

func at(d, hour, minute int) time.Time { return time.Date(2024, 2, d, hour, minute, 0, 0, time.UTC) }

// The middle of a forecast goes through the days of the UTC calendar.
func TestMiddle(t *testing.T) {
	steady := []CappedDay{{100, 0}, {100, 0}, {100, 0}}
	for _, c := range []struct {
		name string
		in   Input
		days int64
		at   time.Time
	}{
		{"nothing", Input{Rate: 5}, 0, noon},
		{"no limit at all", Input{Rate: inf, Items: 1e9}, 1, noon},
		{"rate alone", Input{Rate: 1, Items: 3600}, 1, at(28, 13, 0)},
		{"rate over midnight", Input{Rate: 1, Items: 12*3600 + 60}, 2, at(29, 0, 1)},
		{"a run that is slower than its rate", Input{Rate: 2, Pace: 1, Items: 3600}, 1, at(28, 13, 0)},
		{"rate below one a day", Input{Rate: 1. / (48 * 3600), Items: 3}, 3, time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)},
		{"rate of a part of an item", Input{Rate: 5. / 3600 / 24, Items: 8}, 3, at(29, 12, 0).Add(14*time.Hour + 24*time.Minute)},
		{"limit alone", Input{Rate: inf, Daily: 100, Items: 250}, 3, at(30, 0, 0)},
		{"limit just reached", Input{Rate: inf, Daily: 100, Items: 200}, 2, at(29, 0, 0)},
		{"a thousand at 50 a day, of which 50 are sent", Input{Rate: 5, Daily: 50, UsedToday: 50, Items: 950}, 19, at(28+19, 0, 0).Add(10 * time.Second)},
		{"some of today is used", Input{Rate: inf, Daily: 100, UsedToday: 60, Items: 41}, 2, at(29, 0, 0)},
		{"all of today is used", Input{Rate: inf, Daily: 100, UsedToday: 160, Items: 100}, 1, at(29, 0, 0)},
		{"rate and limit", Input{Rate: 1, Daily: 60, Items: 180}, 3, at(30, 0, 1)},
		{"a limit of the month", Input{Rate: inf, Daily: 100, Monthly: 250, UsedThisMonth: 100, Items: 300}, 4, at(31, 0, 0)},
		{"the month is used up", Input{Rate: inf, Monthly: 250, UsedThisMonth: 250, Items: 300}, 2, time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)},
		{"paused until tomorrow", Input{Rate: inf, Daily: 100, UsedToday: 100, PausedUntil: at(29, 0, 5), Items: 100}, 1, at(29, 0, 5)},
		{"paused until later today", Input{Rate: inf, Daily: 100, UsedToday: 50, PausedUntil: at(28, 18, 0), Items: 50}, 1, at(28, 18, 0)},
		{"paused for days", Input{Rate: inf, Daily: 100, UsedToday: 50, PausedUntil: at(31, 18, 0), Items: 100}, 1, at(31, 18, 0)},
		{"paused with nothing to send", Input{Rate: 5, PausedUntil: at(28, 18, 0)}, 0, at(28, 18, 0)},
		{"a pause that is over", Input{Rate: 1, PausedUntil: at(27, 0, 0), Items: 60}, 1, at(28, 12, 1)},
		{"AiR's cap", Input{Rate: inf, Cap: Cap{Value: 100, Days: steady}, Items: 250}, 3, at(30, 0, 0)},
		{"AiR's cap, and today's use of it", Input{Rate: inf, Cap: Cap{Value: 100, Accepted: 60, Others: 10, Days: steady}, Items: 31}, 2, at(29, 0, 0)},
		{"AiR's day begins in the evening", Input{Rate: inf, Cap: Cap{Value: 100, Reset: 18 * time.Hour, Accepted: 100, Days: steady}, Items: 150}, 2, at(29, 18, 0)},
		{"our limit is below AiR's cap", Input{Rate: inf, Daily: 50, Cap: Cap{Value: 100, Days: steady}, Items: 150}, 3, at(30, 0, 0)},
		{"a table of rates", Input{Rate: inf, RateAt: nights, Items: 3 * 3600}, 2, at(29, 1, 0)},
	} {
		c.in.Now = noon
		got := c.in.Forecast()
		if off := got.Finish.Sub(c.at); got.Active != c.days || off.Abs() > time.Millisecond {
			t.Errorf("%s: got %d days until %v, want %d until %v", c.name, got.Active, got.Finish, c.days, c.at)
		}
		if got.Low.After(got.Finish) || got.High.Before(got.Finish) {
			t.Errorf("%s: the range %v to %v does not hold %v", c.name, got.Low, got.High, got.Finish)
		}
		sum := int64(0)
		for _, d := range got.Days {
			sum += d.Middle
		}
		if sum != c.in.Items {
			t.Errorf("%s: the days have %d items, want %d: %+v", c.name, sum, c.in.Items, got.Days)
		}
	}
	// A clock east of Greenwich has its midnight elsewhere; AiR counts by UTC.
	east := Input{Now: noon.In(time.FixedZone("", 9*3600)), Rate: inf, Daily: 10, Items: 11}
	if got := east.Forecast(); !got.Finish.Equal(at(29, 0, 0)) {
		t.Errorf("in another zone: got %v, want midnight UTC", got.Finish)
	}
}

// nights is a table: one a second from 22:00 to 06:00.
func nights(at time.Time) (float64, time.Time) {
	midnight := at.Truncate(24 * time.Hour)
	switch h := at.Hour(); {
	case h < 6:
		return 1, midnight.Add(6 * time.Hour)
	case h < 22:
		return 0, midnight.Add(22 * time.Hour)
	}
	return 1, midnight.Add(30 * time.Hour)
}

func TestNoEnd(t *testing.T) {
	for _, in := range []Input{
		{Rate: inf, Daily: 1, Items: 1e6}, {Rate: 1e-9 / 3600, Items: 5}, {Rate: 1e-300, Items: 5, Daily: 50}, {Rate: 5e-324, Items: 5},
		{Rate: inf, Cap: Cap{Value: 1, Days: []CappedDay{{1, 0}, {1, 0}}}, Items: 1e6},
		{Rate: 5, RateAt: func(time.Time) (float64, time.Time) { return 0, time.Time{} }, Items: 1},
	} {
		in.Now = noon
		if got := in.Forecast(); !got.Finish.IsZero() || !got.High.IsZero() {
			t.Errorf("%+v: got %v, want no end", in, got.Finish)
		}
	}
	stopped := Input{Now: noon, Rate: 1, Items: 60, None: "stopped"}
	if got := stopped.Forecast(); got.None != "stopped" || !got.Finish.IsZero() || got.Why != nil {
		t.Errorf("stopped: got %+v", got)
	}
}

// capped is an account whose cap others use too.
func capped() Input {
	return Input{Now: noon, Items: 300_000, Rate: 20, Cap: Cap{Value: 20_000, Agreeing: 2, Of: 2, Days: []CappedDay{{19_700, 300}, {19_500, 500}}}}
}

// Where nothing is uncertain the range is an instant; the more is uncertain, the wider it is.
func TestTheRangeGrowsWithWhatIsNotKnown(t *testing.T) {
	width := func(change func(*Input)) time.Duration {
		in := capped()
		in.Items = 4_000_000
		change(&in)
		f := in.Forecast()
		return f.High.Sub(f.Low)
	}
	if w := width(func(in *Input) { in.Rate, in.Daily, in.Cap = inf, 1000, Cap{} }); w != 0 {
		t.Errorf("a daily limit alone: the range is %v wide", w)
	}
	if w := width(func(in *Input) { in.Rate, in.Daily = inf, 1000 }); w != startSlack {
		t.Errorf("a daily limit far below the cap: the range is %v wide", w)
	}
	two := width(func(*Input) {})
	repeat := func(in *Input) {
		for range 4 {
			in.Cap.Days = append(in.Cap.Days, in.Cap.Days[:2]...)
		}
	}
	many := width(repeat)
	apart := width(func(in *Input) { in.Cap.Days[0] = CappedDay{15_000, 5_000}; repeat(in) })
	vague := width(func(in *Input) { in.Cap.Low = 10_000 })
	if !(0 < many && many < apart && many < two && two < vague) {
		t.Errorf("ranges: after many days %v, after two %v, days apart %v, a vague cap %v", many, two, apart, vague)
	}
}

// More items, a lower rate or limit never give an earlier date, and more of each never a later one.
func TestNeverEarlierWithLess(t *testing.T) {
	before := capped().Forecast()
	for name, change := range map[string]func(*Input){
		"items": func(in *Input) { in.Items += 1000 },
		"rate":  func(in *Input) { in.Rate = 0.21 },
		"pace":  func(in *Input) { in.Pace = 0.21 },
		"limit": func(in *Input) { in.Daily = 18_000 },
		"month": func(in *Input) { in.Monthly = 400_000; in.UsedThisMonth = 390_000 },
		"pause": func(in *Input) { in.PausedUntil = at(29, 6, 0) },
		"cap":   func(in *Input) { in.Cap.Value = 19_000 },
		"used":  func(in *Input) { in.Cap.Accepted = 19_000 },
	} {
		in := capped()
		change(&in)
		after := in.Forecast()
		if after.Low.Before(before.Low) || after.Finish.Before(before.Finish) || after.High.Before(before.High) || !after.High.After(before.High) {
			t.Errorf("%s: from %v - %v - %v to %v - %v - %v", name, before.Low, before.Finish, before.High, after.Low, after.Finish, after.High)
		}
	}
}

func TestWhy(t *testing.T) {
	in := capped()
	in.Cap.Reset, in.Daily, in.PausedUntil, in.Pace = 30*time.Minute, 50_000, at(29, 0, 30), 12.3456
	want := "paused until 29 February 00:30 UTC; cap 20,000 seen on 2 of the last 2 days that reached it; others use about 400 a day; " +
		"AiR's day begins at 00:30 UTC; our own limit is 50,000 a day; the run sends 12.3/s"
	if got := strings.Join(in.Forecast().Why, "; "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := strings.Join((Input{Now: noon, Items: 5, Rate: 0.5}).Forecast().Why, "; "); got != "AiR's daily cap is not known yet; the rate is 30/m" {
		t.Errorf("got %s", got)
	}
}

// What is needed by a date is enough, and not much more than enough.
func TestNeed(t *testing.T) {
	in := capped()
	in.Rate = 0.1
	by := noon.AddDate(0, 0, 17)
	n := in.Need(by)
	if n.Already || n.Cannot != "" || n.Rate < 0.15 || n.Daily < 17_000 || n.Daily > 20_000 {
		t.Fatalf("got %+v", n)
	}
	in.Rate, in.Daily = n.Rate, n.Daily
	if f := in.Forecast(); f.High.After(by) {
		t.Errorf("with what is needed it is done by %v, want %v: %+v", f.High, by, n)
	}
	if again := in.Need(by); !again.Already {
		t.Errorf("with what is needed: got %+v", again)
	}
	in.Rate *= 0.8
	if f := in.Forecast(); !f.High.After(by) {
		t.Errorf("with less than needed it is done by %v, before %v", f.High, by)
	}
	for name, c := range map[string]struct {
		change func(*Input)
		by     time.Time
		says   string
	}{
		"the cap":    {func(*Input) {}, noon.AddDate(0, 0, 5), "AiR's daily cap of 20,000, less what others use, allows about 100,000 of the 300,000 items"},
		"past":       {func(*Input) {}, noon, "past"},
		"paused":     {func(in *Input) { in.PausedUntil = at(31, 0, 0) }, at(30, 0, 0), "nothing is sent before 2 March 00:00 UTC"},
		"stopped":    {func(in *Input) { in.None = "stopped by AiR" }, noon.AddDate(1, 0, 0), "stopped by AiR"},
		"the month":  {func(in *Input) { in.Cap, in.Monthly = Cap{}, 100_000 }, at(30, 0, 0), "the limit of a month allows about 100,000 of"},
		"the window": {func(in *Input) { in.Cap, in.RateAt = Cap{}, nights }, at(30, 0, 0), "the times at which"},
	} {
		in := capped()
		c.change(&in)
		if n := in.Need(c.by); !strings.Contains(n.Cannot, c.says) || n.Rate != 0 {
			t.Errorf("%s: got %+v, want %q", name, n, c.says)
		}
	}
}

func BenchmarkForecast(b *testing.B) {
	in := capped()
	in.Items = 10_000_000
	b.Run("range", func(b *testing.B) {
		for b.Loop() {
			in.Forecast()
		}
	})
	b.Run("need", func(b *testing.B) {
		for b.Loop() {
			in.Need(noon.AddDate(2, 0, 0))
		}
	})
}

// Several numbers of items at once have the forecasts that each has alone.
func TestEach(t *testing.T) {
	in := capped()
	numbers := []int64{300_000, 0, 17, 1_000_000, 300_000}
	for i, f := range in.Each(numbers) {
		one := in
		one.Items = numbers[i]
		if want := one.Forecast(); f.Items != numbers[i] || !f.Low.Equal(want.Low) || !f.Finish.Equal(want.Finish) || !f.High.Equal(want.High) {
			t.Errorf("%d items: got %v - %v - %v, alone %v - %v - %v", numbers[i], f.Low, f.Finish, f.High, want.Low, want.Finish, want.High)
		}
	}
	if got := in.Each(nil); len(got) != 0 {
		t.Errorf("nothing is asked: got %v", got)
	}
}
