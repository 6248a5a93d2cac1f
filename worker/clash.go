package worker

import (
	"time"

	"airlift/queue"
	"airlift/worker/attempts"
)

// contested schedules a lookup for each item in doubt whose job id AiR also gave for another item, unless AiR's
// own list shows the id for both. It logs each clash once.
func (l *lookups) contested(clashes []queue.Clash) {
	due := time.Now().Add(l.Settle)
	for _, clash := range clashes {
		what := "both are in doubt until a lookup shows whose job it is"
		if clash.Final {
			what = "AiR lists the id for both, so nothing more is sent for this item: check both objects in AiR, then run `airlift adopt`"
		}
		for i, item := range clash.Items {
			if !clash.Final {
				l.pending.Add(item, due)
			}
			if i == 0 {
				l.Log.Warn().Str("batch", item.Batch).Int64("line", item.Line).Str("key", item.Key).Str("code", item.Code).
					Msg(item.Message + "; " + what)
			}
		}
	}
}

// countClashes counts the stored answers with the job id of another item; an answer with a new id ends the streak.
func (c *committer) countClashes(clashes []queue.Clash) {
	inDoubt := map[attempts.Item]string{}
	for _, clash := range clashes {
		for _, item := range clash.Items {
			inDoubt[idOf(item)] = item.Message
		}
	}
	for _, o := range c.gathered {
		if o.To != queue.Submitted {
			continue
		}
		if message, ok := inDoubt[idOf(o.claimed)]; ok {
			c.countMixUp(&c.sameIDs, o.sent, message)
		} else {
			c.sameIDs.Reset()
		}
	}
}
