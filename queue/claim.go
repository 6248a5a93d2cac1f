package queue

// ClaimRequest asks for items to send.
type ClaimRequest struct {
	// Batches are asked in this order; all belong to one account.
	Batches []string
	// Each, if not nil, is the largest number of items wanted of each batch.
	Each []int
	// Only, if not nil, has for each batch the Seqs of the items that may be claimed, in any order; nil for one of which all may.
	Only [][]uint64
	// Holder names who will send the items. A queue that one process alone can hold does not store it.
	Holder string
	// Max is the largest number of items wanted.
	Max int
	// Day is today by the server's clock; DailyLimit is the most claims that count on that day, and MonthlyLimit in its calendar month until
	// then; 0 for no limit.
	Day                      Day
	DailyLimit, MonthlyLimit int64
}

// MostOf returns how many items may be claimed of a batch, by its place in Batches, if so many may be claimed in all.
func (r *ClaimRequest) MostOf(batch, left int) int {
	if r.Each == nil {
		return left
	}
	return min(left, r.Each[batch])
}

// MostNow returns how many items may be claimed. claimed returns how many claims count on a day. The error is [ErrMonthlyLimit] or
// [ErrDailyLimit] if none may.
func (r *ClaimRequest) MostNow(claimed func(Day) (int64, error)) (int, error) {
	most := int64(r.Max)
	for _, limit := range []struct {
		from    Day
		most    int64
		reached error
	}{{r.Day.MonthStart(), r.MonthlyLimit, ErrMonthlyLimit}, {r.Day, r.DailyLimit, ErrDailyLimit}} {
		if limit.most <= 0 {
			continue
		}
		left := limit.most
		for day := limit.from; day <= r.Day; day++ {
			n, err := claimed(day)
			if err != nil {
				return 0, err
			}
			left -= n
		}
		if left <= 0 {
			return 0, limit.reached
		}
		most = min(most, left)
	}
	return int(most), nil
}

// OnlyOf returns which items of a batch may be claimed, by its place in Batches, and whether there is such a restriction.
func (r *ClaimRequest) OnlyOf(batch int) ([]uint64, bool) {
	if r.Only == nil {
		return nil, false
	}
	return r.Only[batch], r.Only[batch] != nil
}
