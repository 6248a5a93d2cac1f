package queue

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// Field is an extra column of a manifest: airlift copies it to the report unread.
type Field struct{ Name, Value string }

// JobFields are the parts of a job that a row may set for itself and that otherwise come from the batch's settings.
// A zero field means: not given here.
type JobFields struct {
	// Services is a JSON object in the API's shape, compact with sorted keys, so that equal settings are equal bytes.
	Services json.RawMessage `json:"services,omitempty"`
	// Priority is 1 to 10, 0 if not given.
	Priority          int    `json:"priority,omitempty"`
	DestinationBucket string `json:"destination_bucket,omitempty"`
	DestinationRegion string `json:"destination_region,omitempty"`
	SourceRegion      string `json:"source_region,omitempty"`
	SourceEndpoint    string `json:"source_endpoint,omitempty"`
}

// Or returns f with each field that is not given taken from the other.
func (f JobFields) Or(other JobFields) JobFields {
	if len(f.Services) == 0 {
		f.Services = other.Services
	}
	f.Priority = cmp.Or(f.Priority, other.Priority)
	f.DestinationBucket = cmp.Or(f.DestinationBucket, other.DestinationBucket)
	f.DestinationRegion = cmp.Or(f.DestinationRegion, other.DestinationRegion)
	f.SourceRegion = cmp.Or(f.SourceRegion, other.SourceRegion)
	f.SourceEndpoint = cmp.Or(f.SourceEndpoint, other.SourceEndpoint)
	return f
}

// Equal reports whether both set the same fields to the same values.
func (f JobFields) Equal(o JobFields) bool {
	return string(f.Services) == string(o.Services) && f.Priority == o.Priority &&
		f.DestinationBucket == o.DestinationBucket && f.DestinationRegion == o.DestinationRegion &&
		f.SourceRegion == o.SourceRegion && f.SourceEndpoint == o.SourceEndpoint
}

// Item is an entry that was accepted into the queue. It never changes; what happens to it is its [Record].
//
// An object whose contents changed after it was sent gets a further item, which is a version of it: see [Chunk].
type Item struct {
	// Seq numbers the items of a batch from 0, in the order in which they were added. Line is the item's line in the manifest; 0
	// if it is unsourced.
	Seq  uint64
	Line int64
	// Bucket and Key are byte-exact and, with the batch and the version, the item's identity.
	Bucket, Key string
	// Version is 0 for the first item of an object. That of a further one is its content when it was added or, if the
	// object has had an item of that version, the next number that is free.
	Version uint64
	// Content is what was known of the object's contents when the item was added.
	Content Content
	// Name is the job's name if the manifest gave one; see [JobName].
	Name string
	// Own are the job fields that its row set.
	Own JobFields
	// Extra are the row's other columns.
	Extra []Field
	// Details is what is known of the object beyond its identity, nil if nothing is. Only dry runs ask for it; no engine
	// keeps it.
	Details *Details
	// Unsourced says that no source showed the object when its job was adopted (see [Adopted]): the item has no row. A row
	// that shows the object later is one of a known item, whatever its other fields say.
	Unsourced bool
}

// OtherFieldsReason is the reason for which a row is rejected that contradicts the item of its object.
func OtherFieldsReason(it *Item) string {
	return fmt.Sprintf("the batch has this object with other fields (line %d)", it.Line)
}

// Details are the object's properties, from a source or from the object itself.
type Details struct {
	Size     int64 // in bytes; [UnknownSize] if nothing says it
	ETag     string
	Duration time.Duration // playing time; 0 if not known
	Channels int           // of audio; 0 if not known
}

// UnknownSize is the size of an object whose size is not known.
const UnknownSize = -1

// Record is the state of the submission of one item.
type Record struct {
	State State
	// Attempts counts the POSTs whose outcome counts as an attempt, since the item was added or last retried.
	Attempts int
	// Sent is set once a POST for the item may have reached AiR, and is never reset: the item is looked up
	// before each further POST. Even a refusal sets it, because it may be the answer to another request.
	Sent bool
	// Withdrawn is set if the item was withdrawn (see [Withdraw] and [Contest]) and no later reading has its object. Only
	// items that are cancelled or in doubt have it.
	Withdrawn bool
	// JobID is set if and only if the state is Submitted.
	JobID string
	// HTTPStatus (0: none), Code and Message tell of the last answer.
	HTTPStatus    int
	Code, Message string
	// At is when the last attempt ended, by our clock, or when AiR made an adopted job. A lookup that finds no job and a
	// claim that was not sent do not change it: later lookups read AiR's list back to that attempt.
	At time.Time
	// Day is the server's day on which the last claim was counted against the daily limit.
	Day Day
}

// Entry is an item with its record.
type Entry struct {
	Item
	Record
}

// Claimed is an item handed out to be sent. Its intent is durable.
type Claimed struct {
	Batch string
	// Holder is that of the [ClaimRequest], as far as the engine knows it.
	Holder string
	Item
	Record
}

// Result is what came of a claim or of a lookup.
type Result struct {
	Batch string
	Seq   uint64
	// To is the state that follows: Submitted, Failed, InDoubt or Pending.
	To State
	// Sent says that the request, or a part of it, may have reached AiR.
	Sent bool
	// Attempted says that this result counts as an attempt.
	Attempted bool
	// Refund gives the claim back to the daily count: it is proven that AiR accepted nothing.
	Refund bool
	// Lookup says that no request was sent: a lookup showed what became of an earlier one.
	Lookup        bool
	JobID         string
	HTTPStatus    int
	Code, Message string
	At            time.Time
	// Duration is how long the request took; 0: not known.
	Duration time.Duration
}

// Rejected is a row that was not accepted, and why.
type Rejected struct {
	Line   int64   `json:"line"`
	Bucket string  `json:"bucket,omitempty"`
	Key    string  `json:"key,omitempty"`
	Reason string  `json:"reason"`
	Extra  []Field `json:"extra,omitempty"`
}

// Chunk is a piece of a reading: rows to add, and rows already rejected or skipped.
type Chunk struct {
	// Items have neither a sequence number nor a state yet; the engine gives them.
	Items    []Item
	Rejected []Rejected
	// Skipped counts the rows that a filter left out, by reason.
	Skipped map[string]int64
	// Marks are stored together with the rows, all or none: how far the reading has come with them.
	Marks []Mark
	// Changed asks to compare the contents of known objects with those of their items. If they differ, and
	// all items of the object were or may have been sent, it gets a further item. A job reads the contents at the time it runs,
	// so if the last item of an object was certainly not sent, none is added: that item takes the new contents
	// instead. Unknown contents are set to those found now.
	Changed bool
	// Trial asks for the result of adding the items in a new reading, without storing anything.
	Trial bool
}

// Mark is the position of a reading, stored to resume it. Its value is opaque to the engine. It
// belongs to the present reading of its batch, and is gone when that is complete or another begins.
type Mark struct {
	// Key names it within the batch: 1 to 32,768 bytes.
	Key string
	// Value replaces the one under that key; nil removes the mark.
	Value []byte
}

// maxMarkKey is the longest key of a [Mark] in bytes.
const maxMarkKey = 32768

// Validate refuses a mark that no engine stores.
func (m Mark) Validate() error {
	if m.Key == "" || len(m.Key) > maxMarkKey {
		return fmt.Errorf("a mark's key has %d bytes, use 1 to %d", len(m.Key), maxMarkKey)
	}
	return nil
}

// Counts returns the counts of the chunk's rows, of which added says what became of the items.
func (c *Chunk) Counts(added *Added) Reading {
	r := Reading{
		Added: int64(added.Added), Known: int64(added.Known), Restored: int64(added.Restored), Duplicates: int64(added.Duplicates),
		Rejected: int64(len(c.Rejected) + len(added.Conflicts)), SkippedBy: c.Skipped,
	}
	for _, n := range c.Skipped {
		r.Skipped += n
	}
	r.Rows = r.Added + r.Known + r.Duplicates + r.Rejected + r.Skipped
	return r
}

// Added says what became of a chunk's items; their numbers add up to len(Chunk.Items).
type Added struct {
	// Added counts new objects and, of changed ones, new versions.
	Added, Known, Duplicates int
	// Unsure counts the known ones whose contents could not be compared, because their contents at the time of adding
	// or now are unknown (see [Chunk.Changed]).
	Unsure int
	// IsNew says of each item of a chunk on trial whether it counts as added; nil otherwise.
	IsNew []bool
	// Seen gives for each item of a trial chunk the item of the batch that it names first, -1 if none; nil
	// otherwise.
	Seen []int64
	// Restored counts the known ones that had been withdrawn and are pending again.
	Restored int
	// Conflicts are items whose object the batch has with other job fields, and items whose object an
	// unsourced item may stand for in another spelling (see [AlikeReason]). The engine has stored and counted them as
	// rejected.
	Conflicts []Rejected
}

// Object names an S3 object and which of its items is meant: that of a version, or for 0 the first.
type Object struct {
	Bucket, Key string
	Version     uint64
}

// Day is a UTC day of the server's clock, in days since 1970-01-01.
type Day int32

// DayOf returns the UTC day of an instant.
func DayOf(t time.Time) Day {
	const day = 24 * 60 * 60
	s := t.Unix()
	if s < 0 {
		s -= day - 1
	}
	return Day(s / day)
}
