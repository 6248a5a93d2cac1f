package caps

import (
	"slices"
	"time"
)

// sample is what one window tells of a cap: exactly n, or if it was not capped, at least n.
type sample struct {
	n      int64
	capped bool
	seen   time.Time
}

const (
	// agreePercent is how far apart two counts may be and still agree, with a few for what others do meanwhile.
	agreePercent = 3
	agreeJobs    = 2
	// recent is how many capped days an estimate looks at for its range.
	recent = 5
)

func agree(a, b int64) bool {
	return max(a, b)-min(a, b) <= max(a, b)*agreePercent/100+agreeJobs
}

// estimate returns the cap that samples, the newest first, show. The newest two capped windows in a row that agree give it;
// without such a pair the newest one does. What was accepted in a newer window is a lower bound.
func estimate(samples []sample) Estimate {
	var capped []sample
	least := int64(0) // accepted in windows newer than the oldest one of use
	for _, s := range samples {
		if s.capped {
			capped = append(capped, s)
		}
	}
	if len(capped) == 0 {
		return Estimate{}
	}
	from := pairOf(capped)
	e := Estimate{Value: capped[from].n, Seen: capped[from].seen}
	for _, s := range samples {
		if !s.seen.After(e.Seen) {
			break
		}
		least = max(least, s.n)
	}
	e.Value = max(e.Value, least)
	capped = capped[:min(len(capped), max(recent, from+2))]
	e.Days, e.Low, e.High = len(capped), e.Value, e.Value
	for i, s := range capped {
		same := agree(s.n, e.Value)
		if same {
			e.Agreeing++
			if s.seen.After(e.Seen) {
				e.Seen = s.seen
			}
		}
		if same || i <= from { // what is older than the pair and differs is out of date
			e.Low, e.High = min(e.Low, s.n), max(e.High, s.n)
		}
	}
	if e.Agreeing == 0 { // a lower bound alone is above all that was capped
		e.Agreeing, e.Low, e.High = 1, e.Value, 0
	}
	return e
}

// pairOf returns the index of the newest capped sample that agrees with the one before it, or 0.
func pairOf(capped []sample) int {
	for i := 0; i+1 < len(capped); i++ {
		if agree(capped[i].n, capped[i+1].n) {
			return i
		}
	}
	return 0
}

// typical returns the median of the latest samples, the newest first, with their range.
func typical(samples []sample) Estimate {
	samples = samples[:min(len(samples), recent)]
	if len(samples) == 0 {
		return Estimate{}
	}
	var all []int64
	for _, s := range samples {
		all = append(all, s.n)
	}
	slices.Sort(all)
	return Estimate{Value: all[len(all)/2], Low: all[0], High: all[len(all)-1], Seen: samples[0].seen, Agreeing: len(all), Days: len(all)}
}

// learnMonthly learns the quota from the months in which it was met, as far back as all their days are known. What was accepted
// after a refusal of the same month shows that the quota was raised: the month is a lower bound until AiR refuses more again.
func learnMonthly(days []Day, windows []Window, now time.Time) Estimate {
	var months []sample
	for i := range days {
		d := &days[i]
		if d.QuotaAt.IsZero() || d.QuotaAt.After(now.Add(day)) {
			continue
		}
		first := time.Date(d.Start.Year(), d.Start.Month(), 1, 0, 0, 0, 0, time.UTC)
		total, raised := monthTotal(days, i, first)
		for j := range windows {
			if w := &windows[j]; !w.Start.Before(first) && w.Start.Before(d.QuotaAt) {
				total += w.Others
			}
		}
		if n := len(months); n > 0 && !months[n-1].seen.Before(first) {
			if months[n-1].capped {
				continue // the first refusal of a month counts
			}
			months = months[:n-1]
		}
		months = append(months, sample{total, !raised, d.Start})
	}
	slices.Reverse(months)
	return estimate(months)
}

// monthTotal returns what was accepted in a month by a refusal for its quota, that of the n-th day; if more was accepted
// later, raised is true and the total has that too.
func monthTotal(days []Day, n int, first time.Time) (total int64, raised bool) {
	d := &days[n]
	for i := range days[:n+1] {
		if !days[i].Start.Before(first) {
			total += sum(days[i].Accepted[:])
		}
	}
	// Those of the quarter of an hour are counted, because answers to requests that were in flight may come later.
	last := min(max(int(d.QuotaAt.Sub(d.Start)/quarter)+1, 0), Quarters)
	later := sum(d.Accepted[last:])
	raised = later > 0 || d.QuotaClaims > 0 && sum(d.Accepted[:]) > d.QuotaClaims
	for i := n + 1; i < len(days) && days[i].Start.Before(first.AddDate(0, 1, 0)); i++ {
		more := sum(days[i].Accepted[:])
		total, raised = total+more, raised || more > 0
	}
	return total, raised
}

func sum(of []int64) (total int64) {
	for _, n := range of {
		total += n
	}
	return total
}
