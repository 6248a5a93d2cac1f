package bolt

import (
	"maps"

	"pgregory.net/rapid"

	"airlift/queue"
)

// holder returns the submitted item that has a job id, or "".
func (m *model) holder(id string) string {
	for k, rec := range m.records {
		if rec.State == queue.Submitted && rec.JobID == id {
			return k
		}
	}
	return ""
}

// contest puts a submitted item in doubt. An empty message is that of the queue, which is not known.
func (m *model) contest(t *rapid.T, k, message string) {
	if message == "" {
		for _, c := range m.doubtful(t) {
			if m.order[c.Seq] == k {
				message = c.Message
			}
		}
	}
	rec, err := queue.Contest(&queue.Item{Unsourced: m.unsourced[k]}, m.records[k], message)
	must2(t, err)
	if rec.ContestedID() != m.records[k].JobID {
		t.Fatalf("%q is in doubt for the job id %q, want %q", k, rec.ContestedID(), m.records[k].JobID)
	}
	m.records[k] = rec
	m.claimed[k] = true // an adopted one too: if it is pending again, it is among those that were claimed before
	m.day.Submitted--
}

func (m *model) doubtful(t *rapid.T) []queue.Claimed {
	list, err := m.db.InDoubt(t.Context(), "b", -1, 1000)
	must2(t, err)
	return list
}

// apply books results one by one, without those whose job id another item has.
func (m *model) apply(t *rapid.T, results []queue.Result, after map[string]queue.Record, clashes []queue.Clash) {
	message := map[string]string{}
	items := 0
	for _, c := range clashes {
		for _, it := range c.Items {
			if _, twice := message[m.order[it.Seq]]; twice {
				t.Fatalf("%q is named by two clashes", m.order[it.Seq])
			}
			message[m.order[it.Seq]] = it.Message
			items++
		}
	}
	stored := maps.Clone(m.records)
	for _, res := range results {
		k := m.order[res.Seq]
		before := m.records[k]
		m.records[k] = after[k]
		if res.To != queue.Submitted {
			continue
		}
		m.records[k] = before
		other, doubted := m.holder(res.JobID), false
		for o := range m.records {
			doubted = doubted || o != k && (m.records[o].ContestedID() == res.JobID || stored[o].ContestedID() == res.JobID)
		}
		posted := before.State == queue.Sending
		again := !posted && before.ContestedID() == res.JobID
		if other != "" && !again {
			m.contest(t, other, message[other])
			rec := m.records[other]
			rec.Withdrawn = stored[other].Withdrawn // if it was submitted by these results, it was in doubt before
			m.records[other] = rec
			items--
		}
		if posted && (doubted || other != "") || again && other != "" {
			res.To, res.JobID, res.Code, res.Message = queue.InDoubt, "", queue.CodeSameID, message[k]
			rec, err := queue.Apply(before, res)
			must2(t, err)
			m.records[k] = rec
			m.day.Submitted--
			items--
			continue
		}
		m.records[k] = after[k]
	}
	if items != 0 {
		t.Fatalf("clashes %+v: they name %d items too many", clashes, items)
	}
}
