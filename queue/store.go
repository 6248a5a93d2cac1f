package queue

import (
	"context"
	"errors"
)

// Store is a queue. The methods are safe for concurrent use. Their changes are durable when
// they return without an error; after an error nothing has changed, unless the method says otherwise. A batch that is not
// there is [ErrBatchNotFound].
type Store interface {
	Reader
	Intake
	Claims
	Admin
}

// Reader shows what a queue holds.
type Reader interface {
	// Batches returns all batches, oldest first.
	Batches(ctx context.Context) ([]Batch, error)
	// Batch returns a batch with its books.
	Batch(ctx context.Context, id string) (Batch, error)
	// Find returns the item of that object and version, and whether the batch has it.
	Find(ctx context.Context, id string, o Object) (Entry, bool, error)
	// Pages calls fn with the items that the filter takes, in order of Seq, a page at a time, and ends with fn's error if
	// it returns one. fn may use the queue. An item that changes meanwhile is given as it was at some instant of the
	// call. See [Entries].
	Pages(ctx context.Context, id string, f Filter, fn func(Page) error) error
	// Rejected calls fn with each row that the latest reading has rejected, in the order in which they were added.
	Rejected(ctx context.Context, id string, fn func(Rejected) error) error
	// History returns what happened to an item, in order: how it was added, each attempt and lookup and what followed, and who
	// changed it. Of very many events some in the middle are left out, see [Event].
	History(ctx context.Context, id string, seq uint64) ([]Event, error)
	// Account returns what is stored of an AiR account, with what it used of one server day.
	Account(ctx context.Context, name string, day Day) (AccountState, error)
	// Days returns what an account used of each server day from the first to the last, at most [MaxDays].
	Days(ctx context.Context, name string, first, last Day) ([]DayCount, error)
}

// MaxDays is the most days that [Reader] returns at a time.
const MaxDays = 1000

// Intake makes batches and fills them.
type Intake interface {
	// CreateBatch makes an empty batch. The books of b are ignored. The error is [ErrBatchExists] if there is one of that
	// id.
	CreateBatch(ctx context.Context, b Batch) error
	// SetSettings replaces the job settings of a batch. The error is [ErrNameFixed] if that would change the name of a
	// job which may exist.
	SetSettings(ctx context.Context, id string, s Settings) error
	// BeginReading begins a reading of the batch's sources: its counts start at zero, and the rejected rows and the marks
	// of the one before are forgotten. With resume it goes on with the latest reading, which must not be complete; what
	// that had added counts as a duplicate if it comes again.
	BeginReading(ctx context.Context, id string, resume bool) error
	// Add stores the items of a chunk that the batch does not have, and counts every row of it in the present reading:
	// all of the chunk or nothing. Items are numbered in the order of the chunk, which must not change during the call.
	Add(ctx context.Context, id string, c Chunk) (Added, error)
	// EndReading ends the reading. It is complete if every source was read to its clean end; then its marks are forgotten.
	EndReading(ctx context.Context, id string, complete bool) error
	// Marks returns the marks of the present reading, by key.
	Marks(ctx context.Context, id string) ([]Mark, error)
	// Has reports for each item whether Add would not add it; see [Chunk.Changed].
	Has(ctx context.Context, id string, items []Item, changed bool) ([]bool, error)
	// Sent reports of each item, which need not be one of the batch, whether the batch has an item of its object that is
	// or may have been sent. With changed an item counts only if its contents may be the given one's. If the job of an
	// unsourced item may be the object's in another spelling, alike has the [AlikeReason], else "".
	Sent(ctx context.Context, id string, items []Item, changed bool) (sent []bool, alike []string, err error)
}

// Claims hands out items to be sent and takes what came of them.
type Claims interface {
	// Exchange stores results and then claims items, in one step, which saves a commit. Either may be empty.
	//
	// All results are stored or, if one is invalid (a [MoveError], a refund of what may have been accepted), none. Only
	// items that are sending or in doubt can have results. A result that names the job id of another item of its batch
	// is stored as in doubt, and so may be that other item: the clashes tell which items now want a lookup. Once results
	// are given, the end of the context is ignored: what AiR has answered must not get lost.
	//
	// A claim stores the intent to send each item before it returns. From each batch, in the order of the request, it takes
	// first the items never claimed, in order of Seq, then those that are pending again, by number of attempts
	// first and in turn, and no more than the request wants of it. From a batch of which the request names the items it takes those
	// of them that are pending, in the order given. It claims nothing if nothing is pending, and less than asked if the daily limit allows no more.
	// The error is [ErrDailyLimit] or [ErrMonthlyLimit] if something is pending and the limit allows nothing: then the results are stored.
	Exchange(ctx context.Context, results []Result, r ClaimRequest) ([]Claimed, []Clash, error)
	// InDoubt returns up to max items in doubt with a Seq above after (-1: all), in order of Seq.
	InDoubt(ctx context.Context, id string, after int64, max int) ([]Claimed, error)
	// Changed returns a channel that is closed when there may be new pending items. To miss none, call it before the
	// claim that finds nothing.
	Changed() <-chan struct{}
	// SetGate stores the gate of an account.
	SetGate(ctx context.Context, account string, g Gate) error
	// SetServer stores what is known of the AiR of an account.
	SetServer(ctx context.Context, account string, s Server) error
	// Observe stores what a run saw of AiR's limits; see [DayCount.Note].
	Observe(ctx context.Context, account string, o Observation) error
}

// Admin changes enqueued items, and checks and closes the queue.
type Admin interface {
	// Change changes the items that c takes. It may store in steps: after an error, or at the end of the context, the
	// items that it counts are changed, and the same call changes the rest.
	Change(ctx context.Context, id string, c Change) (Changed, error)
	// Adopt marks items as submitted whose jobs AiR turned out to hold (see [Adopt]) and returns how many: all of the list
	// or, if one is unlawful, none. An item that is submitted already keeps its job and is not counted.
	Adopt(ctx context.Context, id string, jobs []Adopted) (int, error)
	// SetAdoption stores how far the adoption of a batch has come.
	SetAdoption(ctx context.Context, id string, a Adoption) error
	// SetControl stores what an operator has set for an account, and SetBatchControl for a batch. They replace what was set before.
	SetControl(ctx context.Context, account string, c Control) error
	SetBatchControl(ctx context.Context, id string, c BatchControl) error
	// Check verifies that all stored data is consistent. progress, if not nil, must not use the queue.
	Check(ctx context.Context, progress func(done, total int64)) (CheckReport, error)
	// Close ends the use of the queue. A second Close returns what the first did.
	Close() error
}

// Page is a piece of a batch's items that was read and is not decoded yet, so that decoding can be spread over the cores.
// It is not safe for concurrent use.
type Page interface {
	// Entries decodes the items that the filter selects, in order of Seq. They are valid until Release,
	// with all that they point to.
	Entries() ([]Entry, error)
	// Keep makes what the entries point to stay valid after Release.
	Keep()
	// Release lets later pages reuse the page's memory. It invalidates the entries and, without Keep, what they point to.
	Release()
}

// ErrEnough ends [Entries] without an error.
var ErrEnough = errors.New("enough")

// Entries calls fn with each item that the filter takes, in order of Seq, and ends with fn's error if it returns one. The
// entry is valid until fn returns; what it points to stays valid. fn may use the queue.
func Entries(ctx context.Context, r Reader, id string, f Filter, fn func(*Entry) error) error {
	err := r.Pages(ctx, id, f, func(p Page) error {
		entries, err := p.Entries()
		if err != nil {
			return err
		}
		for i := range entries {
			if err := fn(&entries[i]); err != nil {
				return err
			}
		}
		p.Keep()
		p.Release()
		return nil
	})
	if errors.Is(err, ErrEnough) {
		return nil
	}
	return err
}

// CheckPlace returns [ErrReplaced] if the queue is kept in a file and its path now holds another file: another process may
// be using that one.
func CheckPlace(s any) error {
	if file, ok := s.(interface{ CheckPlace() error }); ok {
		return file.CheckPlace()
	}
	return nil
}

// SentElsewhere returns the oldest other batch in which any of the items' objects is or may have been sent (see
// [Record.MayHaveJob]), and how many are; "" and 0 if there is none. If an item has the name of a job there, as in a
// report, only the item of that job counts.
func SentElsewhere(ctx context.Context, s Store, notBatch string, items []Item) (batch string, n int, err error) {
	batches, err := s.Batches(ctx)
	if err != nil {
		return "", 0, err
	}
	for _, b := range batches {
		if b.ID == notBatch || !b.Sent {
			continue
		}
		n, err := sentIn(ctx, s, b, items)
		if err != nil || n > 0 {
			return b.ID, n, err
		}
	}
	return "", 0, nil
}

// sentIn counts the items whose objects were or may have been sent in a batch.
func sentIn(ctx context.Context, s Store, b Batch, items []Item) (n int, err error) {
	names, err := NewNamer(b)
	if err != nil {
		return 0, err
	}
	var others []Item
	for i := range items {
		e, named, err := names.find(ctx, s, &items[i])
		switch {
		case err != nil:
			return 0, err
		case !named:
			others = append(others, items[i])
		case e.MayHaveJob():
			n++
		}
	}
	sent, _, err := s.Sent(ctx, b.ID, others, false)
	for _, yes := range sent {
		if yes {
			n++
		}
	}
	return n, err
}

// find returns the item of the object whose job has the name of it, if there is one.
func (n Namer) find(ctx context.Context, r Reader, it *Item) (Entry, bool, error) {
	if it.Name == "" {
		return Entry{}, false, nil
	}
	for _, version := range [...]uint64{0, VersionIn(it.Name)} {
		e, found, err := r.Find(ctx, n.batch, Object{Bucket: it.Bucket, Key: it.Key, Version: version})
		if err != nil || found && n.Name(&e.Item) == it.Name {
			return e, err == nil, err
		}
	}
	return Entry{}, false, nil
}
