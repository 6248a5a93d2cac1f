package forecast

import (
	"math"
	"slices"
	"time"
)

const (
	// Likelihood is how much of the possible futures the range of a forecast holds.
	Likelihood = 0.8
	// futures is how many are followed.
	futures = 256
	// startSlack is how late the first jobs of a day may be after AiR's reset, and pauseRequests how many requests a pause may take beside
	// those for jobs: canaries, lookups, and the pages that show others' jobs.
	startSlack    = 2 * time.Minute
	pauseRequests = 40
	// mostDays bounds Forecast.Days.
	mostDays = 400
)

// Forecast is when the items are sent.
type Forecast struct {
	// Items is how many are to be sent.
	Items int64
	// Finish is the middle of what is expected, and Low to High the range. Zero: there is no end in sight. With Finish, High alone
	// can be zero: there may be no end within 200 years.
	Finish, Low, High time.Time
	// Days are the UTC days until High on which something may be sent, at most 400. Active counts those on which something is
	// sent in the middle of what is expected.
	Days   []Day
	Active int64
	// Why says in words what the forecast rests on, one thought each.
	Why []string
	// None says why there is no forecast, and what to do.
	None string
}

// Day is what is sent on a UTC day.
type Day struct {
	// Day is its midnight.
	Day time.Time
	// Low to High is the range of the jobs of the day, and Middle what is expected; Left is what is left at the end of the day then.
	Low, Middle, High, Left int64
}

// Forecast returns when the items are sent, with what is sent on each day until then.
func (in Input) Forecast() Forecast {
	var days dayTable
	var active activeDays
	f := in.each([]int64{in.Items}, &days, active.add)[0]
	f.Active, f.Days = active.n, days.rows(in.Items)
	return f
}

// Each returns when each of these numbers of items is sent, without the days.
func (in Input) Each(numbers []int64) []Forecast { return in.each(numbers, nil, nil) }

// each makes forecasts of numbers of items. The days are counted by future in a table and, of the middle one, by active.
func (in Input) each(numbers []int64, days *dayTable, active func(at instant, n float64)) []Forecast {
	found := make([]Forecast, len(numbers))
	for i, n := range numbers {
		found[i] = Forecast{Items: n, None: in.None}
	}
	if in.None != "" || len(numbers) == 0 {
		return found
	}
	sorted := slices.Clone(numbers)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	in.Items = sorted[len(sorted)-1]
	in.prepare()
	all := append(in.futures(futures), in.middle())
	if days != nil {
		days.begin(in.Now, len(all)-1)
	}
	ends := make([]instant, len(all)*len(sorted))
	for i := range all {
		sent := active
		if i < len(all)-1 {
			sent = days.of(i)
		}
		all[i].follow(sorted, ends[i*len(sorted):(i+1)*len(sorted)], sent)
	}
	why := in.why()
	for i := range found {
		at, _ := slices.BinarySearch(sorted, numbers[i])
		found[i].setRange(ends, at, len(sorted))
		found[i].Why = why
		if !found[i].High.IsZero() {
			found[i].High = found[i].High.Add(in.slack())
		}
	}
	return found
}

// slack is how much later than by the numbers alone the end of a pause may find the last jobs sent.
func (in *Input) slack() time.Duration {
	if in.Cap.Value == 0 {
		return 0
	}
	return startSlack + time.Duration(min(pauseRequests/in.Rate, 24*3600)*float64(time.Second))
}

// futures returns n possible futures, or one if nothing is uncertain.
func (in *Input) futures(n int) []future {
	low, middle, high := in.pace()
	others, _ := habits(in.Cap.Days, n)
	if in.Cap.Value == 0 && low == high {
		return []future{in.middle()}
	}
	all := make([]future, n)
	for i := range all {
		f := &all[i]
		*f = future{in: in, pace: middle, cap: math.Inf(1), reset: in.Cap.Reset}
		if low < high {
			f.pace = low + (high-low)*spread(i, 1)
		}
		if in.Cap.Value == 0 {
			continue
		}
		f.cap = math.Round(in.Cap.at(spread(i, 2)))
		h := &others[i]
		f.share = func(day int64) float64 { return h.share(chance(uint64(i), uint64(day))) }
	}
	return all
}

// middle returns the future in which everything is as expected.
func (in *Input) middle() future {
	_, pace, _ := in.pace()
	f := future{in: in, pace: pace, cap: math.Inf(1), reset: in.Cap.Reset}
	if in.Cap.Value > 0 {
		f.cap = float64(in.Cap.Value)
		_, mean := habits(in.Cap.Days, 0)
		f.share = func(int64) float64 { return mean }
	}
	return f
}

// spread returns the i-th of numbers that cover 0 to 1 evenly, differently for each dimension (a Kronecker sequence).
func spread(i, dimension int) float64 {
	const golden = 1.32471795724474602596 // the plastic number, for more than one dimension
	_, part := math.Modf(0.5 + float64(i+1)*math.Pow(golden, -float64(dimension)))
	return part
}

// chance returns a number from 0 to 1 that looks like chance, and is always the same for the same future and day (SplitMix64).
func chance(future, day uint64) float64 {
	z := (future+1)*0x9e3779b97f4a7c15 ^ (day+1)*0xd1b54a32d192ed03
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}
