package caps

import (
	"testing"
	"time"
)

var first = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// dayOf returns a day, with jobs accepted in the quarter of an hour at a time of day.
func dayOf(n int, at time.Duration, jobs int64) Day {
	d := Day{Start: first.AddDate(0, 0, n)}
	d.Accepted[at/quarter] = jobs
	return d
}

// cappedDay returns a day on which the cap was met.
func cappedDay(n int, at time.Duration, jobs int64) Day {
	d := dayOf(n, at, jobs)
	d.Capped, d.CappedAt = true, d.Start.Add(at+10*time.Minute)
	return d
}

func series(jobs ...int64) (days []Day) {
	for i, n := range jobs {
		if n < 0 {
			days = append(days, dayOf(i, time.Hour, -n))
		} else {
			days = append(days, cappedDay(i, time.Hour, n))
		}
	}
	return days
}

// Below a negative number is a day without a refusal.
func TestTheDailyCap(t *testing.T) {
	for name, c := range map[string]struct {
		jobs                    []int64
		value, low, high, agree int64
	}{
		"nothing":                           {nil, 0, 0, 0, 0},
		"no refusal":                        {[]int64{-500}, 0, 0, 0, 0},
		"a single day":                      {[]int64{1000}, 1000, 1000, 1000, 1},
		"steady":                            {[]int64{1000, 1005, 998}, 998, 998, 1005, 3},
		"lowered, and seen once":            {[]int64{1000, 1000, 250}, 1000, 250, 1000, 2},
		"lowered, and seen twice":           {[]int64{1000, 1000, 1000, 250, 251}, 251, 250, 251, 2},
		"raised, and seen once":             {[]int64{1000, 1000, 4000}, 4000, 1000, 4000, 1},
		"more without a refusal":            {[]int64{1000, 1000, -3000}, 3000, 3000, 0, 1},
		"less without a refusal":            {[]int64{1000, 1000, -30}, 1000, 1000, 1000, 2},
		"days without a refusal in between": {[]int64{1000, -3, 1000, -4}, 1000, 1000, 1000, 2},
	} {
		t.Run(name, func(t *testing.T) {
			got := Learn(series(c.jobs...), first.AddDate(0, 0, 10)).Daily
			if got.Value != c.value || got.Low != c.low || got.High != c.high || int64(got.Agreeing) != c.agree {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// What others made before the refusal belongs to the cap.
func TestOthersBelongToTheCap(t *testing.T) {
	days := series(800, 900, 700)
	for i, n := range []int64{200, 100, 300} {
		days[i].Others, days[i].OthersFrom, days[i].OthersUntil = n, days[i].Start, days[i].CappedAt
	}
	l := Learn(days, first.AddDate(0, 0, 5))
	if l.Daily.Value != 1000 || l.Daily.Agreeing != 3 || l.Others.Value != 200 || l.Others.Low != 100 || l.Others.High != 300 || l.Ours.Low != 700 {
		t.Errorf("got %+v", l)
	}
}

// The jobs between two resets count, not those between two midnights.
func TestWindowsBeginAtTheReset(t *testing.T) {
	var days []Day
	for i := range 3 {
		d := cappedDay(i, 13*time.Hour+15*time.Minute, 600)
		d.Accepted[0] = 400
		d.CappedAt = d.Start.Add(10 * time.Minute)
		d.Resets = []Resumption{{Refused: d.Start.Add(13*time.Hour + 10*time.Minute), Resumed: d.Start.Add(13*time.Hour + 16*time.Minute)}}
		days = append(days, d)
	}
	l := Learn(days, first.AddDate(0, 0, 5))
	if l.Reset.Value != 13*time.Hour+15*time.Minute || !l.Reset.Exact() || l.Daily.Value != 1000 || l.Daily.Agreeing != 2 {
		t.Errorf("got %+v", l)
	}
}

func TestTheMonthlyQuota(t *testing.T) {
	days := series(-100, -200, -250)
	days[2].QuotaAt = days[2].Start.Add(2 * time.Hour)
	learn := func() Estimate { return Learn(days, first.AddDate(0, 0, 5)).Monthly }
	if got := learn(); got.Value != 550 || got.Agreeing != 1 {
		t.Errorf("got %+v, want 550", got)
	}
	days[2].QuotaClaims = 250
	if got := learn(); got.Value != 550 {
		t.Errorf("what was on its way is accepted: got %+v, want 550", got)
	}
	days[2].QuotaClaims = 40 // the rest came after the quota was raised
	if got := learn(); got.Known() {
		t.Errorf("raised within a quarter of an hour: got %+v", got)
	}
	days[2].QuotaClaims = 250
	days[2].Accepted[9] = 50
	if got := learn(); got.Known() {
		t.Errorf("raised later on the day: got %+v", got)
	}
	days[2].Accepted[9] = 0
	days = append(days, dayOf(3, time.Hour, 30))
	if got := learn(); got.Known() {
		t.Errorf("raised the day after: got %+v", got)
	}
	days = append(days, dayOf(4, time.Hour, 70))
	days[4].QuotaAt, days[4].QuotaClaims = days[4].Start.Add(2*time.Hour), 70
	if got := learn(); got.Value != 650 || got.High != 650 || got.Agreeing != 1 {
		t.Errorf("met again: got %+v, want 650", got)
	}
}

// What is accepted after a refusal and before AiR's next day shows that the cap was raised: the refusal proves nothing.
func TestARaisedCapIsNotWhatWasAccepted(t *testing.T) {
	now := first.AddDate(0, 0, 2).Add(90 * time.Minute)
	days := series(1000, 1000, 4000)
	days[2].CappedClaims = 4000
	if l := Learn(days, now); l.Daily.Value != 4000 || l.Daily.High == 0 || l.Outgrown(now) {
		t.Errorf("what was on its way is accepted: got %+v", l.Daily)
	}
	days[2].CappedClaims = 1020
	if l := Learn(days, now); l.Windows[2].Capped || l.Daily.High != 0 || !l.Outgrown(now) || l.Outgrown(now.AddDate(0, 0, 1)) {
		t.Errorf("above two days' cap: got %+v", l.Daily)
	}
	if l := Learn(days[2:], now); l.Daily.Known() {
		t.Errorf("of the first day: got %+v", l.Daily)
	}
	days[2].Resets = []Resumption{{Refused: days[2].CappedAt, Resumed: days[2].CappedAt.Add(time.Minute), Refusals: 1}}
	if l := Learn(days[2:], now); !l.Windows[0].Capped {
		t.Errorf("AiR's next day is no raised cap: got %+v", l.Daily)
	}
}

func TestTheReset(t *testing.T) {
	at := func(d, h, m int) time.Time {
		return first.AddDate(0, 0, d).Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
	}
	type pause struct{ refused, resumed time.Time }
	for name, c := range map[string]struct {
		pauses []pause
		value  time.Duration
		exact  bool
		agree  int
	}{
		"nothing":                    {nil, 0, false, 0},
		"a wide span":                {[]pause{{at(0, 10, 0), at(1, 0, 0)}}, 0, false, 1},
		"across midnight":            {[]pause{{at(0, 23, 50), at(1, 0, 10)}}, 0, true, 1},
		"narrowed":                   {[]pause{{at(0, 10, 0), at(1, 0, 0)}, {at(1, 2, 0), at(1, 17, 0)}, {at(2, 13, 10), at(2, 13, 20)}}, 13*time.Hour + 15*time.Minute, true, 3},
		"between quarters":           {[]pause{{at(0, 13, 1), at(0, 13, 9)}}, 13*time.Hour + 9*time.Minute, true, 1},
		"a pause of over a day":      {[]pause{{at(0, 10, 0), at(1, 11, 0)}}, 0, false, 0},
		"moved":                      {[]pause{{at(0, 0, 20), at(0, 0, 35)}, {at(1, 0, 20), at(1, 0, 35)}, {at(2, 1, 20), at(2, 1, 35)}}, 90 * time.Minute, true, 1},
		"a pause with many refusals": {[]pause{{at(0, 23, 50), at(1, 0, 5)}, {at(2, 1, 20), at(3, 0, 5)}}, 0, false, 1},
		"as AiR's billing day is":    {[]pause{{at(1, 0, 20), at(1, 1, 20)}, {at(2, 0, 28), at(2, 0, 30)}}, 30 * time.Minute, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var days []Day
			for _, p := range c.pauses {
				e := Resumption{p.refused, p.resumed, int64(1 + 4*min(1, p.resumed.Sub(p.refused)/(20*time.Hour)))}
				days = append(days, Day{Start: p.resumed.Truncate(day), Resets: []Resumption{e}})
			}
			got := Learn(days, at(9, 0, 0)).Reset
			if got.Value != c.value || got.Exact() != c.exact || got.Agreeing != c.agree {
				t.Errorf("got %+v, exact %v", got, got.Exact())
			}
		})
	}
}
