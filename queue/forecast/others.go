package forecast

import (
	"cmp"
	"math"
	"slices"
)

// habit is an assumption about the other users of an account: on each day they take a share of the cap between low and
// high, each as likely. If some shares were seen, a day has one of these, moved by shift.
type habit struct {
	low, high, weight float64
	seen              []float64
	shift             float64
}

func (h habit) mean() float64 { return (h.low + h.high) / 2 }

// share returns the share of a day, given a number from 0 to 1 that looks like chance.
func (h habit) share(chance float64) float64 {
	if len(h.seen) == 0 {
		return h.low + (h.high-h.low)*chance
	}
	return min(max(h.seen[int(chance*float64(len(h.seen)))]+h.shift, 0), 1)
}

const (
	// usualShare is the most that others are expected to take. More is possible, up to mostShare, but less likely until it is seen.
	usualShare, mostShare = 0.30, 0.95
	// The prior weights: of bounds within usualShare, of the widest such bounds, of nobody else, and of an upper bound above usualShare.
	ordinary, widest, nobody, unusual = 0.53, 0.34, 0.12, 0.01
	// latestDays is how many of the latest capped days tell the habit.
	latestDays = 21
	// manyDays is how many capped days speak for themselves.
	manyDays = 8
	// boundSteps is into how many steps the possible values of a bound are divided.
	boundSteps = 12
	// resolution is a difference between shares that does not matter.
	resolution = 0.0005
)

// sharesOf returns the shares of the cap that others took on the latest days.
func sharesOf(days []CappedDay) (shares []float64) {
	for _, d := range days[max(len(days)-latestDays, 0):] {
		if total := d.Accepted + d.Others; total > 0 {
			shares = append(shares, float64(d.Others)/float64(total))
		}
	}
	return shares
}

// habits returns n habits of others, each as likely after these days, those that take least first, and the expected share.
func habits(days []CappedDay, n int) (all []habit, mean float64) {
	shares := sharesOf(days)
	if len(shares) >= manyDays {
		return repeated(shares, n)
	}
	possible := posterior(shares)
	sum, left := 0.0, 0.0
	for _, h := range possible {
		sum += h.weight
	}
	at := -1
	for i := range n {
		for quantile := (float64(i) + 0.5) / float64(n) * sum; left <= quantile && at < len(possible)-1; {
			at++
			left += possible[at].weight
			mean += possible[at].weight / sum * possible[at].mean()
		}
		all = append(all, possible[at])
	}
	for at++; at < len(possible); at++ {
		mean += possible[at].weight / sum * possible[at].mean()
	}
	return all, mean
}

// repeated returns habits that repeat the shares seen on many days. Their mean is uncertain by its standard error.
func repeated(shares []float64, n int) (all []habit, mean float64) {
	for _, s := range shares {
		mean += s / float64(len(shares))
	}
	k, squares := float64(len(shares)), 0.0
	for _, s := range shares {
		squares += (s - mean) * (s - mean)
	}
	deviation := math.Sqrt(squares / (k - 3) / k) // of Student's t with k-1 degrees of freedom
	for i := range n {
		quantile := (float64(i) + 0.5) / float64(n)
		all = append(all, habit{seen: shares, shift: deviation * math.Sqrt2 * math.Erfinv(2*quantile-1)})
	}
	return all, mean
}

// posterior returns the possible habits after these shares, with their weights by Bayes' rule: the prior weight times
// the density of the shares.
func posterior(shares []float64) []habit {
	k := float64(len(shares))
	all := []habit{{low: 0, high: usualShare, weight: widest * density(0, usualShare, k)}}
	if k == 0 {
		return all
	}
	least, most := slices.Min(shares), slices.Max(shares)
	if most == 0 {
		all = append(all, habit{weight: nobody * density(0, 0, k-1)}) // one day without others proves little
	}
	if most > usualShare {
		all = nil
	}
	uppers := steps(most, mostShare)
	if most < usualShare {
		uppers = append(steps(most, usualShare), steps(usualShare, mostShare)...)
	}
	for _, low := range steps(least, 0) {
		for _, high := range uppers {
			prior := ordinary / (usualShare * usualShare / 2)
			if high.middle > usualShare {
				prior = unusual / ((mostShare*mostShare - usualShare*usualShare) / 2)
			}
			w := prior * low.width * high.width * density(low.middle, high.middle, k)
			all = append(all, habit{low: low.middle, high: high.middle, weight: w})
		}
	}
	slices.SortStableFunc(all, func(a, b habit) int { return cmp.Compare(a.mean(), b.mean()) })
	return all
}

// density is that of k shares between two bounds.
func density(low, high, k float64) float64 { return math.Pow(high-low+resolution, -k) }

// step is a range of values of a bound.
type step struct{ middle, width float64 }

// steps divides the range from one value to another, in steps that grow from a small one.
func steps(from, to float64) []step {
	if math.Abs(to-from) < resolution {
		return []step{{from, resolution}}
	}
	all := make([]step, boundSteps)
	edge := from
	for i := range all {
		part := float64(i+1) / boundSteps
		next := from + (to-from)*part*part*part
		all[i] = step{(edge + next) / 2, math.Abs(next - edge)}
		edge = next
	}
	return all
}
