package queue

import (
	"fmt"
	"strconv"
	"strings"
)

// CodeSameID is the code of an item in doubt whose job id AiR also gave for another item of the batch: the answer
// may belong to another request.
const CodeSameID = "AIRLIFT_SAME_ID"

// Clash is one job id that was given for several items of a batch. At most one of them has that job, so the engine
// stores the others as in doubt.
type Clash struct {
	JobID string
	// Items are those that are now in doubt because of it, with their stored records.
	Items []Claimed
	// Final says that AiR's list itself shows the id for several items: another lookup would tell nothing new.
	Final bool
}

// clashMessage is the message of an item in doubt with [CodeSameID]: it names the id and both items.
func clashMessage(jobID string, one, other *Item) string {
	return fmt.Sprintf("%s%q was given for %q and for %q", sameID, jobID, nameIn(one), nameIn(other))
}

const sameID = "the job id "

func nameIn(it *Item) string { return "s3://" + it.Bucket + "/" + it.Key }

// ContestedID returns the job id for which the item is in doubt with [CodeSameID], or "" if it is not.
func (r Record) ContestedID() string {
	if r.State != InDoubt || r.Code != CodeSameID {
		return ""
	}
	rest, _ := strings.CutPrefix(r.Message, sameID)
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return ""
	}
	id, _ := strconv.Unquote(quoted)
	return id
}

// Contest returns the record of a submitted item whose job id was also given for another item. Only a lookup
// shows whose job it is. At stays that of the item's last attempt: AiR's list is read back to there.
//
// An adopted item without a day is counted against the day on which it was submitted, so that the
// daily count can be refunded like that of a claim.
//
// An unsourced item has no row and cannot be sent again. It is marked withdrawn, so it is cancelled if a lookup
// finds no job, until a reading has its object.
func Contest(it *Item, r Record, message string) (Record, error) {
	if r.State != Submitted {
		return r, &TransitionError{From: r.State, To: InDoubt}
	}
	if r.Day == 0 {
		r.Day = DayOf(r.At)
	}
	r.Withdrawn = it.Unsourced
	return Apply(r, Result{To: InDoubt, Code: CodeSameID, Message: message, At: r.At})
}
