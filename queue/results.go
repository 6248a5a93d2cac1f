package queue

import "fmt"

// Items is the rules' read access to the items of a batch.
type Items interface {
	// Len counts the items.
	Len() uint64
	Item(seq uint64) (Item, error)
	// Record returns the present record of an item.
	Record(seq uint64) (Record, error)
	// First returns the first item of an object.
	First(bucket, key string) (seq uint64, ok bool, err error)
	// History returns the history of the object with that first item.
	History(first uint64) (History, error)
	// Owner returns the item that has a job id, or is in doubt for it.
	Owner(jobID string) (seq uint64, ok bool, err error)
}

// Step is one valid change of an item.
type Step struct {
	Batch         string
	Seq           uint64
	Before, After Record
	// Result is the result behind the step; nil if there is none.
	Result *Result
	// Kind is what happened; empty if it is no event, such as a claim. By says who did it; see [Event].
	Kind EventKind
	By   string
}

// CheckResults returns the steps that store results, or an error if one of them is invalid. in are the items of the batch
// of each result.
//
// If a result names a job id that another item of its batch has, or is in doubt for, the id decides:
//
//	the result is               its item is   the other item is
//	an answer to a POST         in doubt      in doubt
//	a lookup                    submitted     in doubt
//	a lookup for this very id   in doubt      submitted
//
// In the last case AiR's list shows the id for both items: the clash is final. A lookup is no clash if the other item is in
// doubt already. others are the steps of items without a result.
func CheckResults(in []Items, results []Result) (steps, others []Step, clashes []Clash, err error) {
	type id struct {
		batch string
		seq   uint64
	}
	steps = make([]Step, len(results))
	latest := make(map[id]*Step, len(results))
	ids := idCheck{owners: map[jobKey]*Step{}}
	for i := range results {
		res := &results[i]
		at := id{res.Batch, res.Seq}
		s := &steps[i]
		*s = Step{Batch: res.Batch, Seq: res.Seq, Result: res}
		if earlier := latest[at]; earlier != nil {
			s.Before = earlier.After
		} else if res.Seq >= in[i].Len() {
			err = fmt.Errorf("batch %q has no item %d", res.Batch, res.Seq)
		} else {
			s.Before, err = in[i].Record(res.Seq)
		}
		if err == nil {
			err = s.check()
		}
		if err != nil {
			return nil, nil, nil, err
		}
		latest[at] = s
	}
	for i := range steps {
		if err := ids.check(in[i], &steps[i]); err != nil {
			return nil, nil, nil, err
		}
	}
	return steps, ids.others, ids.clashes, nil
}

// check applies the result, regardless of job ids.
func (s *Step) check() (err error) {
	if s.Before.State != Sending && s.Before.State != InDoubt {
		return &TransitionError{From: s.Before.State, To: s.Result.To}
	}
	if s.After, err = Apply(s.Before, *s.Result); err != nil {
		return err
	}
	switch {
	case s.Before.State == InDoubt || s.Result.Lookup:
		s.Kind = LookedUp
	case s.Result.Attempted || !s.Result.isEmpty():
		s.Kind = Attempted
	}
	if s.Result.Refund && s.Result.To != Pending && s.Result.To != Failed {
		return fmt.Errorf("item %d: a claim cannot be refunded on the way to %s", s.Seq, s.Result.To)
	}
	return nil
}

// jobKey names a job within a batch.
type jobKey struct{ batch, id string }

// idCheck compares the job ids of steps with those that their batches have.
type idCheck struct {
	owners  map[jobKey]*Step // by the steps so far
	others  []Step
	clashes []Clash
}

// check compares the job id of a step with those of the batch.
func (c *idCheck) check(in Items, s *Step) error {
	if s.After.State != Submitted {
		return nil
	}
	at := jobKey{s.Batch, s.After.JobID}
	other, err := c.ownerOf(in, at)
	if err != nil {
		return err
	}
	posted := s.Before.State == Sending
	if other == nil || other.Seq == s.Seq || other.After.State == InDoubt && !posted {
		c.owners[at] = s
		return nil
	}
	message, err := sameIDMessage(in, at.id, s.Seq, other.Seq)
	if err != nil {
		return err
	}
	clash := Clash{JobID: at.id, Final: !posted && s.Before.ContestedID() == at.id}
	if posted || clash.Final {
		if err := c.doubt(&clash, in, s, message); err != nil {
			return err
		}
	}
	if other.After.State == Submitted && !clash.Final {
		if err := c.doubt(&clash, in, other, message); err != nil {
			return err
		}
		c.owners[at] = s
	}
	c.clashes = append(c.clashes, clash)
	return nil
}

// ownerOf returns the item that has the id, or is in doubt for it; nil if there is none.
func (c *idCheck) ownerOf(in Items, at jobKey) (*Step, error) {
	if s := c.owners[at]; s != nil {
		return s, nil
	}
	seq, ok, err := in.Owner(at.id)
	if err != nil || !ok {
		return nil, err
	}
	r, err := in.Record(seq)
	return &Step{Batch: at.batch, Seq: seq, Before: r, After: r}, err
}

// doubt ends a step in doubt because of its job id, and adds its item to the clash.
func (c *idCheck) doubt(clash *Clash, in Items, s *Step, message string) error {
	it, err := in.Item(s.Seq)
	if err != nil {
		return err
	}
	if s.Result != nil {
		res := *s.Result
		res.To, res.JobID, res.Code, res.Message = InDoubt, "", CodeSameID, message
		s.After, err = Apply(s.Before, res)
	} else if s.After, err = Contest(&it, s.Before, message); err == nil {
		s.Kind = Contested
		c.others = append(c.others, *s)
	}
	clash.Items = append(clash.Items, Claimed{Batch: s.Batch, Item: it, Record: s.After})
	return err
}

func sameIDMessage(in Items, jobID string, one, other uint64) (string, error) {
	a := Item{Key: "(a new item)"} // which an adoption is about to make
	if one < in.Len() {
		var err error
		if a, err = in.Item(one); err != nil {
			return "", err
		}
	}
	b, err := in.Item(other)
	return clashMessage(jobID, &a, &b), err
}

// Used returns the changes of the account's daily counts, and their day.
func (s *Step) Used() (day Day, claimed, submitted int64) {
	switch {
	case s.Before.State == Submitted && s.Before.Day == 0: // adopted, and counted against no day: now a claim of that day
		return s.After.Day, 1, 0
	case s.Before.State == Submitted:
		return s.After.Day, 0, -1
	case s.Result != nil:
		if s.Result.Refund {
			claimed = -1
		}
		if s.After.State == Submitted {
			submitted = 1
		}
		return s.Before.Day, claimed, submitted
	case s.After.State == Submitted && s.Before.State == InDoubt && s.After.Day != 0:
		return s.After.Day, 0, 1 // the claim is counted already
	case s.After.State == Submitted && s.After.Day != 0:
		return s.After.Day, 1, 1
	}
	return 0, 0, 0
}

// Book counts a step in the batch. example is the key that a new group of errors shows.
func (b *Batch) Book(s *Step, example string) error {
	if s.Before.State == Failed {
		if err := b.dropError(s.Before.Code); err != nil {
			return err
		}
	}
	b.Counts.Move(s.Before.State, s.After.State, 1)
	switch {
	case s.Before.State == Submitted:
		b.forgetAccepted(s.Before.At)
	case s.After.State == Submitted:
		b.Sent = true
		b.noteAccepted(s.After.At)
	case s.After.State == Failed:
		b.addError(s.After, example)
	}
	return nil
}
