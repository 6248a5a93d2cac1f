package queue

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Adopted is a job found in AiR's list, for the item of its object.
type Adopted struct {
	Seq uint64
	// Version, if not 0, is the version of the object that the job is for; Seq is then the object's first item. The batch gets the
	// item if it does not have it: like the first, with the version for its content.
	Version uint64
	// Unsourced, if not nil, is the item to add if the batch has none of that object: the job is of an object that
	// no source shows. Only Bucket, Key and Name count. Seq and Version are not looked at then.
	Unsourced *Item
	JobID     string
	// At is when AiR made the job, or, where it does not say, when the job was found.
	At time.Time
	// Day is the server's day on which the job was made; 0: not known, it counts against none.
	Day Day
}

// Adoption is the progress of a batch's adoption; see [Batch].
type Adoption int

const (
	// AdoptionBegun: it has not ended, so AiR may have jobs that the queue does not know.
	AdoptionBegun Adoption = iota
	// AdoptionProven: it ended well, and the queue knows all jobs that AiR has for the batch.
	AdoptionProven
	// AdoptionUnproven: it ended well, but AiR may have jobs of objects that the batch does not have yet.
	AdoptionUnproven
)

// Adopt stores the progress of the adoption in the batch, and reports whether that changes anything.
func (b *Batch) Adopt(a Adoption) (changed bool) {
	was := *b
	if b.Adopting = a == AdoptionBegun; !b.Adopting {
		b.Unproven = a == AdoptionUnproven
	}
	return was.Adopting != b.Adopting || was.Unproven != b.Unproven
}

// Adopt returns the record of an item whose job was found in AiR's list although this queue does not know of it, because
// it was lost, is an old copy, or could not tell. A cancelled item is adopted too: it has a job, whatever the user
// wanted, and a later retry would send it again. A sending item is left to its sender, and a
// submitted item has its job: both are refused.
//
// The job counts against the day on which AiR made it. For an item in doubt the claim is already counted, so its day
// stays.
func Adopt(r Record, a Adopted) (Record, error) {
	switch r.State {
	case Pending, Failed, Cancelled:
		r.Day = a.Day
	case InDoubt:
	default:
		return r, &TransitionError{From: r.State, To: Submitted}
	}
	if a.JobID == "" {
		return r, fmt.Errorf("item %d: adopted without a job id", a.Seq)
	}
	r.State, r.JobID, r.At, r.Sent, r.Withdrawn = Submitted, a.JobID, a.At, true, false
	r.HTTPStatus, r.Code, r.Message = 0, "", ""
	return r, nil
}

// AdoptedItems are what an adoption adds to a batch: new items, in order of Seq, and the histories of objects with new
// versions, by first item.
type AdoptedItems struct {
	Items     []Item
	Histories map[uint64]*History
}

// CheckAdopted returns the steps that adopt jobs for the items of a batch, and the items that have to be added for them, or an error if
// one of the jobs cannot be adopted. An item that is submitted already keeps its job and has no step; of two jobs for one item
// the first is taken. others are the steps of items that have the job id of an adopted one: the list shows whose job it
// is, so these become in doubt.
//
// A job of a version that the batch does not have makes the item. The contents of the object's first item are then
// unknown: what a source said of it lately may be of the version.
func CheckAdopted(batch string, in Items, jobs []Adopted) (made AdoptedItems, steps, others []Step, err error) {
	made.Histories = map[uint64]*History{}
	objects := map[Object]uint64{}
	ids := idCheck{owners: map[jobKey]*Step{}}
	taken, seen := map[uint64]bool{}, map[string]uint64{}
	for _, a := range jobs {
		s := Step{Batch: batch, Kind: Found}
		if s.Seq, s.Before, err = made.itemOf(in, objects, a); err != nil {
			return AdoptedItems{}, nil, nil, err
		}
		if s.Before.State == Submitted || taken[s.Seq] {
			continue
		}
		taken[s.Seq] = true
		other, twice := seen[a.JobID]
		seen[a.JobID] = s.Seq
		a.Seq = s.Seq
		if s.After, err = Adopt(s.Before, a); err == nil && twice {
			err = fmt.Errorf("AiR's list has the job id %q for the items %d and %d", a.JobID, other, s.Seq)
		}
		if err == nil {
			err = ids.contest(in, &s)
		}
		if err != nil {
			return AdoptedItems{}, nil, nil, err
		}
		steps = append(steps, s)
	}
	return made, steps, ids.others, nil
}

// itemOf returns the item of a job, which it makes if need be, and its record.
func (m *AdoptedItems) itemOf(in Items, objects map[Object]uint64, a Adopted) (seq uint64, r Record, err error) {
	seq = a.Seq
	switch {
	case a.Unsourced != nil:
		seq, err = m.object(in, objects, a.Unsourced)
	case a.Version != 0 && a.Seq < in.Len():
		seq, err = m.version(in, a)
	}
	switch {
	case err != nil:
		return 0, r, err
	case seq >= in.Len()+uint64(len(m.Items)):
		return 0, r, fmt.Errorf("there is no item %d", seq)
	case seq >= in.Len():
		return seq, Record{State: Pending}, nil
	}
	r, err = in.Record(seq)
	return seq, r, err
}

// object returns the item of an unsourced job's object, which it makes if the batch has none.
func (m *AdoptedItems) object(in Items, objects map[Object]uint64, it *Item) (uint64, error) {
	if it.Key == "" {
		return 0, errors.New("an unsourced item without a key")
	}
	o := Object{Bucket: it.Bucket, Key: it.Key}
	seq, have := objects[o]
	if !have {
		var err error
		if seq, have, err = in.First(it.Bucket, it.Key); err != nil {
			return 0, err
		}
	}
	if !have {
		seq = in.Len() + uint64(len(m.Items))
		m.Items = append(m.Items, Item{Seq: seq, Bucket: it.Bucket, Key: it.Key, Name: it.Name, Unsourced: true})
	}
	objects[o] = seq
	return seq, nil
}

// version returns the item of a job of a version, which it makes if the object does not have it.
func (m *AdoptedItems) version(in Items, a Adopted) (uint64, error) {
	h := m.Histories[a.Seq]
	if h == nil {
		kept, err := in.History(a.Seq)
		if err != nil {
			return 0, err
		}
		kept.Further = slices.Clone(kept.Further)
		h = &kept
	}
	if seq, have := h.Find(a.Version); have {
		return seq, nil
	}
	it, err := in.Item(a.Seq)
	if err != nil {
		return 0, err
	}
	if it.Version != 0 {
		return 0, fmt.Errorf("item %d is not the first of its object", a.Seq)
	}
	it.Seq = in.Len() + uint64(len(m.Items))
	it.Version, it.Content = a.Version, Content(a.Version)
	h.First = 0
	err = h.Insert(Version{it.Seq, it.Version, it.Content}, func(seq uint64) (bool, error) {
		if seq >= in.Len() {
			return false, nil // it is about to be made
		}
		r, err := in.Record(seq)
		return r.MayHaveJob(), err
	})
	m.Histories[a.Seq] = h
	m.Items = append(m.Items, it)
	return it.Seq, err
}

// contest puts the item that already has the job id of an adopted one in doubt.
func (c *idCheck) contest(in Items, s *Step) error {
	other, err := c.ownerOf(in, jobKey{s.Batch, s.After.JobID})
	if err != nil || other == nil || other.Before.State != Submitted {
		return err
	}
	message, err := sameIDMessage(in, s.After.JobID, s.Seq, other.Seq)
	if err != nil {
		return err
	}
	return c.doubt(&Clash{}, in, other, message)
}
