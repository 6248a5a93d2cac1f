package worker

import (
	"time"

	"airlift/queue"
)

// contested expects a lookup for each item that is in doubt because its job id was given for another item too. Each
// clash is said once; one that AiR's own list shows is not looked up again.
func (p *Pool) contested(clashes []queue.Clash) {
	due := time.Now().Add(p.Settle)
	for _, clash := range clashes {
		for _, item := range clash.Items {
			what := "both are in doubt until a lookup shows whose job it is"
			if clash.Final {
				what = "AiR lists it for both: nothing more is sent for this item"
			} else {
				p.doubts.expect(item, due)
			}
			p.Log.Warn().Str("batch", item.Batch).Int64("line", item.Line).Str("key", item.Key).Str("code", item.Code).
				Msg(item.Message + "; " + what)
		}
	}
}

// countClashes counts the answers just stored whose job ids clash, in a row; an id that is new ends the row.
func (c *clerk) countClashes(clashes []queue.Clash) {
	inDoubt := map[itemID]string{}
	for _, clash := range clashes {
		for _, item := range clash.Items {
			inDoubt[itemID{item.Batch, item.Seq}] = item.Message
		}
	}
	for _, o := range c.batch {
		if o.To != queue.Submitted {
			continue
		}
		if message, ok := inDoubt[itemID{o.Batch, o.Seq}]; ok {
			c.countMixUp(&c.sameIDs, o.ended, message)
		} else {
			c.sameIDs.reset()
		}
	}
}
