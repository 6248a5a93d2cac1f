package joblist

import (
	"errors"

	"airlift/queue"
)

// Tally is what an audit counted.
type Tally struct {
	// Pages and Jobs count what was read; a job shown several times counts once.
	Pages int64 `json:"pages"`
	Jobs  int64 `json:"jobs"`
	// Agreed jobs are those that the queue has too, Adopted among them.
	Agreed  int64 `json:"agreed"`
	Adopted int64 `json:"adopted,omitempty"`
	// Unsourced counts those of the adopted whose object no source shows.
	Unsourced int64 `json:"unsourced,omitempty"`
	// LookedUp counts the items that were looked up by name, because the list changed while it was read.
	LookedUp int64 `json:"looked_up,omitempty"`
	// The findings, by kind; see FindingKind.
	TwoJobs      int64 `json:"two_jobs"`
	OtherJob     int64 `json:"other_job"`
	NotSubmitted int64 `json:"not_submitted"`
	NotListed    int64 `json:"not_listed"`
	Unknown      int64 `json:"unknown_object"`
	Unreadable   int64 `json:"unreadable,omitempty"`
	// Unproven says that the list kept changing or had no end: it may have more jobs, of objects that the batch does
	// not have.
	Unproven bool `json:"unproven,omitempty"`
	// Complete says that the list was read to its end and compared, or what it did not show was looked up.
	Complete bool `json:"complete"`
}

// Found counts all findings.
func (t Tally) Found() int64 {
	return t.TwoJobs + t.OtherJob + t.NotSubmitted + t.NotListed + t.Unknown + t.Unreadable
}

// FindingKind is the kind of a difference between queue and AiR.
type FindingKind string

const (
	// TwoJobs: AiR lists more than one job for the object.
	TwoJobs FindingKind = "two_jobs"
	// OtherJob: AiR lists a job for the object, but not the one that the queue has.
	OtherJob FindingKind = "other_job"
	// NotSubmitted: AiR lists a job for an item that the queue never sent, or does not know to be submitted.
	NotSubmitted FindingKind = "not_submitted"
	// NotListed: the queue has a job for the item, and AiR lists none.
	NotListed FindingKind = "not_listed"
	// UnknownObject: AiR lists a job for an object, or for a version of one, that the queue's batch does not have.
	UnknownObject FindingKind = "unknown_object"
	// Unreadable: AiR lists a job without a usable id.
	Unreadable FindingKind = "unreadable"
)

// Unsourced is no difference: an adoption made an item for a job of an object that no source shows.
const Unsourced FindingKind = "unsourced"

// Finding is one object about which the queue and AiR disagree, or one that is [Unsourced].
type Finding struct {
	Kind   FindingKind `json:"kind"`
	Bucket string      `json:"bucket"`
	Key    string      `json:"key"`
	// State and JobID are the item's in the queue; empty if there is none.
	State queue.State `json:"state,omitempty"`
	JobID string      `json:"job_id,omitempty"`
	// Listed are the ids of the jobs that AiR lists for the object.
	Listed []string `json:"listed"`
	// Problem says why the job cannot be read, if it is [Unreadable].
	Problem string `json:"problem,omitempty"`
}

func (a *Audit) report(f Finding) error {
	switch f.Kind {
	case TwoJobs:
		a.tally.TwoJobs++
	case OtherJob:
		a.tally.OtherJob++
	case NotSubmitted:
		a.tally.NotSubmitted++
	case NotListed:
		a.tally.NotListed++
	case UnknownObject:
		a.tally.Unknown++
	case Unreadable:
		a.tally.Unreadable++
	case Unsourced:
		a.tally.Unsourced++
	default:
		return errors.New("a finding of no kind")
	}
	if a.Report == nil {
		return nil
	}
	return a.Report(f)
}
