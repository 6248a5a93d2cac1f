package learned

import (
	"context"
	"fmt"
	"time"

	"airlift/queue"
	"airlift/ratelimit/caps"
)

// Days is how many days back observations count: three months, and the whole month in which the first of them lies.
const Days = 125

// Read returns what the queue has learned about the limits of an account. now is by AiR's clock.
func Read(ctx context.Context, db queue.Reader, account string, now time.Time) (caps.Learned, error) {
	today := queue.DayOf(now)
	first := today - Days
	stored, err := db.Days(ctx, account, first, today+1) // AiR may be a day ahead of our clock
	if err != nil {
		return caps.Learned{}, fmt.Errorf("read what was learned of account %q: %w", account, err)
	}
	return caps.Learn(Observed(first, stored), now), nil
}

// Observed returns the days that tell something, of those from the first on.
func Observed(first queue.Day, stored []queue.DayCount) []caps.Day {
	var days []caps.Day
	for i := range stored {
		if c := &stored[i]; *c != (queue.DayCount{}) {
			d := caps.Day{
				Start: (first + queue.Day(i)).Start(), Accepted: c.ByQuarter(), Capped: c.Capped, CappedAt: c.CappedAt,
				QuotaAt: c.QuotaAt, CappedClaims: c.CappedClaims, QuotaClaims: c.QuotaClaims,
				OthersFrom: c.Others.From, OthersUntil: c.Others.Until, Others: c.Others.Jobs,
			}
			for _, r := range c.Resets {
				d.Resets = append(d.Resets, caps.Resumption(r))
			}
			days = append(days, d)
		}
	}
	return days
}
