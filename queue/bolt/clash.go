package bolt

import (
	"airlift/queue"
	"airlift/queue/bolt/block"
)

// idOwner is the item that has a job id, or is in doubt because of it, after the steps judged so far.
type idOwner struct {
	seq uint64
	block.Record
	step *step // which gives it the id; nil if that is stored
}

// contested is a stored submitted item whose job id was given for another item too.
type contested struct {
	b             *batch
	seq           uint64
	before, after block.Record
}

// idJudge compares the job ids of results with those that their batch has. It writes nothing.
type idJudge struct {
	t       *txn
	owners  map[idKey]*idOwner // by the steps so far
	others  []contested
	clashes []queue.Clash
}

type idKey struct {
	b  *batch
	id string
}

// judgeIDs changes the steps whose job ids clash, and returns the stored items that become in doubt.
func (t *txn) judgeIDs(steps []step) ([]queue.Clash, []contested, error) {
	j := idJudge{t: t, owners: map[idKey]*idOwner{}}
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

// judge decides about one step that gives its item a job id. If another item has the id, or is in doubt for it:
//
//	the step is                 its item is   the other item is
//	an answer to a POST         in doubt      in doubt
//	a lookup                    submitted     in doubt
//	a lookup for this very id   in doubt      submitted
//
// In the last case AiR's list shows the id for both items: the clash is final. A lookup is no clash if the other item is
// in doubt already.
func (j *idJudge) judge(s *step) error {
	at := idKey{s.b, s.after.JobID}
	other, err := j.ownerOf(at)
	if err != nil {
		return err
	}
	posted := s.before.State == queue.Sending
	if other == nil || other.seq == s.res.Seq || other.State == queue.InDoubt && !posted {
		j.owners[at] = s.owner()
		return nil
	}
	message, err := j.message(at, s.res.Seq, other.seq)
	if err != nil {
		return err
	}
	clash := queue.Clash{JobID: at.id, Final: !posted && s.before.ContestedID() == at.id}
	s.b.ids.add(at.id, s.b.meta.Batch.Counts.Items) // no result may have it
	if posted || clash.Final {
		if err := s.contest(message); err != nil {
			return err
		}
		if err := j.add(&clash, s.b, s.res.Seq, s.after); err != nil {
			return err
		}
	}
	if other.State == queue.Submitted && !clash.Final {
		rec, err := j.contest(s.b, other, message)
		if err != nil {
			return err
		}
		if err := j.add(&clash, s.b, other.seq, rec); err != nil {
			return err
		}
		j.owners[at] = s.owner()
	}
	j.clashes = append(j.clashes, clash)
	return nil
}

// ownerOf returns the item that has the id, or is in doubt for it; nil if there is none.
func (j *idJudge) ownerOf(at idKey) (*idOwner, error) {
	if o := j.owners[at]; o != nil {
		return o, nil
	}
	return at.b.storedOwner(j.t.handles[at.b], at.id)
}

// contest makes a submitted owner in doubt about its job id, and returns its record.
func (j *idJudge) contest(b *batch, o *idOwner, message string) (block.Record, error) {
	if o.step != nil {
		err := o.step.contest(message)
		return o.step.after, err
	}
	c := contested{b, o.seq, o.Record, o.Record}
	it, err := b.item(j.t.handles[b], o.seq)
	if err != nil {
		return block.Record{}, err
	}
	if c.after.Record, err = queue.Contest(&it, o.Record.Record, message); err != nil {
		return block.Record{}, err
	}
	if _, err := j.t.day(dayKey{b.meta.Batch.Account, c.after.Day}); err != nil {
		return block.Record{}, err
	}
	j.others = append(j.others, c)
	return c.after, nil
}

func (s *step) owner() *idOwner { return &idOwner{s.res.Seq, s.after, s} }

// contest makes the step one that ends in doubt about its job id.
func (s *step) contest(message string) (err error) {
	res := *s.res
	res.To, res.JobID, res.Code, res.Message = queue.InDoubt, "", queue.CodeSameID, message
	s.after.Record, err = queue.Apply(s.before.Record, res)
	return err
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

// add adds an item that is in doubt now to a clash.
func (j *idJudge) add(c *queue.Clash, b *batch, seq uint64, rec block.Record) error {
	it, err := b.item(j.t.handles[b], seq)
	c.Items = append(c.Items, queue.Claimed{Batch: b.meta.Batch.ID, Item: it, Record: rec.Record})
	return err
}

// putContested stores and books that a submitted item is in doubt.
func (t *txn) putContested(c *contested) {
	t.putRecord(t.handles[c.b].open, seqKey(c.seq), c.after)
	t.book(c.b, c.before.Record, c.after.Record)
	m := t.touch(c.b)
	m.Batch.ForgetAccepted(c.before.At)
	day := dayKey{m.Batch.Account, c.after.Day}
	if c.before.Day == 0 { // adopted, and counted against no day: from now on it is a claim of that day
		t.bookDay(day, 1, 0)
		return
	}
	t.bookDay(day, 0, -1)
}
