package bolt

import (
	"airlift/queue"
)

// claimant is an item that has a job id, or is in doubt for it, at some point of a list of results.
type claimant struct {
	seq   uint64
	state queue.State
	// doubt changes what will be stored of a submitted one: it is in doubt.
	doubt func(message string) (record, error)
}

// contested is a submitted item whose job id was given for another item too.
type contested struct {
	b             *batch
	seq           uint64
	before, after record
}

// idJudge compares the job ids of results with those that their batch has. It writes nothing.
type idJudge struct {
	t       *txn
	named   map[idKey]claimant // by the results so far
	others  []contested
	clashes []queue.Clash
}

type idKey struct {
	b  *batch
	id string
}

// judgeIDs changes the steps whose job ids clash, and returns the items to contest.
func (t *txn) judgeIDs(steps []step) ([]queue.Clash, []contested, error) {
	j := idJudge{t: t, named: map[idKey]claimant{}}
	for i := range steps {
		if steps[i].after.State != queue.Submitted {
			continue
		}
		if err := j.judge(&steps[i]); err != nil {
			return nil, nil, err
		}
	}
	return j.clashes, j.others, nil
}

// judge decides about one step. The answer to a POST is not believed if another item has the id, or is in doubt for it:
// both are in doubt then. A lookup is believed, and the item that has the id is in doubt. But if that was a lookup for
// this very id, AiR's list shows it for both items, and nothing is changed by it.
func (j *idJudge) judge(s *step) error {
	at := idKey{s.b, s.after.JobID}
	other, err := j.claimantOf(at)
	if err != nil {
		return err
	}
	posted := s.before.State == queue.Sending
	listedTwice := !posted && s.before.ContestedID() == at.id
	if other.state == "" || other.seq == s.res.Seq || other.state == queue.InDoubt && !posted {
		j.named[at] = s.claimant()
		return nil
	}
	message, err := j.message(at, s.res.Seq, other.seq)
	if err != nil {
		return err
	}
	clash := queue.Clash{JobID: at.id, Final: listedTwice}
	s.b.ids.add(at.id, s.b.meta.Batch.Counts.Items) // it may be stored in no result
	if posted || listedTwice {
		rec, err := s.doubt(message)
		if err != nil {
			return err
		}
		if err := j.add(&clash, s.b, s.res.Seq, rec); err != nil {
			return err
		}
	}
	if other.state == queue.Submitted && !listedTwice {
		rec, err := other.doubt(message)
		if err != nil {
			return err
		}
		if err := j.add(&clash, s.b, other.seq, rec); err != nil {
			return err
		}
		j.named[at] = s.claimant()
	}
	j.clashes = append(j.clashes, clash)
	return nil
}

// claimantOf returns the item that has the id, or is in doubt for it; the zero claimant if there is none.
func (j *idJudge) claimantOf(at idKey) (claimant, error) {
	if c, ok := j.named[at]; ok {
		return c, nil
	}
	h, err := at.b.holderOf(j.t.handles[at.b], at.id)
	if h == nil || err != nil {
		return claimant{}, err
	}
	return claimant{h.seq, h.State, func(message string) (record, error) {
		c := contested{at.b, h.seq, h.record, h.record}
		var err error
		if c.after.Record, err = queue.Contest(h.Record, message); err != nil {
			return record{}, err
		}
		if _, err := j.t.day(dayKey{at.b.meta.Batch.Account, c.after.Day}); err != nil {
			return record{}, err
		}
		j.others = append(j.others, c)
		return c.after, nil
	}}, nil
}

func (s *step) claimant() claimant { return claimant{s.res.Seq, s.after.State, s.doubt} }

// doubt makes the step one that ends in doubt about its job id.
func (s *step) doubt(message string) (record, error) {
	res := *s.res
	res.To, res.JobID, res.Code, res.Message = queue.InDoubt, "", queue.CodeSameID, message
	var err error
	s.after.Record, err = queue.Apply(s.before.Record, res)
	return s.after, err
}

func (j *idJudge) message(at idKey, one, other uint64) (string, error) {
	a := queue.Item{Key: "(a new item)"} // which Adopt is about to make
	if one < uint64(at.b.meta.Batch.Counts.Items) {
		var err error
		if a, err = at.b.item(j.t.handles[at.b], one); err != nil {
			return "", err
		}
	}
	b, err := at.b.item(j.t.handles[at.b], other)
	if err != nil {
		return "", err
	}
	return queue.SameIDMessage(at.id, &a, &b), nil
}

// add names an item that is in doubt now.
func (j *idJudge) add(c *queue.Clash, b *batch, seq uint64, rec record) error {
	it, err := b.item(j.t.handles[b], seq)
	c.Items = append(c.Items, queue.Claimed{Batch: b.meta.Batch.ID, Item: it, Record: rec.Record})
	return err
}

// contest stores and books that a submitted item is in doubt.
func (t *txn) contest(c *contested) {
	t.putRecord(t.handles[c.b].open, seqKey(c.seq), c.after)
	t.move(c.b, queue.Submitted, queue.InDoubt)
	m := t.touch(c.b)
	m.retract(c.before.At)
	day := dayKey{m.Batch.Account, c.after.Day}
	if c.before.Day == 0 { // adopted, and counted against no day: from now on it is a claim of that day
		t.bookDay(day, 1, 0)
		return
	}
	t.bookDay(day, 0, -1)
}
