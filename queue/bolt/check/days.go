package check

import (
	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// Days compares the daily counts with the jobs that the batches have; all must have been checked.
func (c *Check) Days(counts Bucket) {
	_ = counts.ForEach(func(k, v []byte) error {
		d, ok := codec.ParseAccountDay(k)
		if !ok {
			c.Report.Problem("a daily count has a garbled key")
			return nil
		}
		var n queue.DayCount
		if err := codec.JSON(k, v, &n); err != nil {
			c.Report.Problem("day %d of account %q: %v", d.Day, d.Account, err)
			return nil
		}
		if counted := c.Submitted[d]; n.Submitted != counted {
			c.Report.Problem("day %d of account %q: the books say %d submitted, there are %d", d.Day, d.Account, n.Submitted, counted)
		}
		if n.Claimed < n.Submitted {
			c.Report.Problem("day %d of account %q: %d submitted of %d claimed", d.Day, d.Account, n.Submitted, n.Claimed)
		}
		return nil
	})
}
