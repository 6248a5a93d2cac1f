package queue

import (
	"errors"
	"fmt"
)

// Errors of opening a queue.
var (
	// ErrLocked: another process holds the queue.
	ErrLocked = errors.New("another process holds the queue")
	// ErrNotExist: there is no queue at that place and the caller asked for an existing one.
	ErrNotExist = errors.New("there is no queue")
	// ErrCorrupt: the file is no airlift queue, or it is damaged.
	ErrCorrupt = errors.New("not a sound airlift queue")
	// ErrNewer: the file was written by a newer airlift.
	ErrNewer = errors.New("written by a newer airlift")
	// ErrOlder: the file has a format from before the first release.
	ErrOlder = errors.New("written by an airlift from before its first release")
	// ErrLinked: the file has several hard links. Replacing it would leave the other names with the old file.
	ErrLinked = errors.New("the file has several names")
)

// Errors of using a queue.
var (
	// ErrBatchNotFound: the queue has no batch of that id.
	ErrBatchNotFound = errors.New("no such batch")
	// ErrBatchExists: the queue has a batch of that id already.
	ErrBatchExists = errors.New("the batch exists already")
	// ErrNameFixed: jobs of the batch may exist under the names that its template gives, so it cannot be changed.
	ErrNameFixed = errors.New("jobs were sent under the names of the batch's template")
	// ErrBroken: a commit failed, so the state on disk is unknown; nothing more is stored until the queue is opened
	// again. It wraps the cause.
	ErrBroken = errors.New("the queue can no longer be written")
	// ErrReadingIncomplete: the latest reading cannot replace the earlier ones. It is incomplete, or another process began it, so
	// it is not known which items it has.
	ErrReadingIncomplete = errors.New("the latest reading was not read from its beginning to its end by this process; read the sources again")
	// ErrDailyLimit: items are pending, but none may be claimed today; see [ClaimRequest].
	ErrDailyLimit = errors.New("the daily limit is reached")
	// ErrMonthlyLimit: items are pending, but none may be claimed this month; see [ClaimRequest].
	ErrMonthlyLimit = errors.New("the monthly limit is reached")
	// ErrReplaced: the file that this process holds is no longer the one at the queue's path.
	ErrReplaced = errors.New("the queue file was replaced or removed while it was in use")
	// ErrClosed: the queue was closed.
	ErrClosed = errors.New("the queue is closed")
)

// TransitionError is an invalid change of state. It is a bug in the caller; nothing is stored.
type TransitionError struct{ From, To State }

func (e *TransitionError) Error() string {
	return fmt.Sprintf("an item cannot go from %s to %s", e.From, e.To)
}
