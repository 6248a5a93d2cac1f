package check

import (
	"encoding/binary"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// Days compares the daily counts with the jobs that the batches have; all must have been checked. A key is the account, a zero byte
// and the day.
func (c *Check) Days(counts Bucket) {
	_ = counts.ForEach(func(k, v []byte) error {
		if len(k) < 6 {
			c.Report.Problem("a daily count has a garbled key")
			return nil
		}
		at := len(k) - 4
		account, day := string(k[:at-1]), queue.Day(int32(binary.BigEndian.Uint32(k[at:])))
		var n queue.DayCount
		if err := codec.JSON(k, v, &n); err != nil {
			c.Report.Problem("day %d of account %q: %v", day, account, err)
			return nil
		}
		if counted := c.Submitted[AccountDay{account, day}]; n.Submitted != counted {
			c.Report.Problem("day %d of account %q: the books say %d submitted, there are %d", day, account, n.Submitted, counted)
		}
		if n.Claimed < n.Submitted {
			c.Report.Problem("day %d of account %q: %d submitted of %d claimed", day, account, n.Submitted, n.Claimed)
		}
		return nil
	})
}
