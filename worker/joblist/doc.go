// Package joblist determines what AiR's list of jobs proves about the items of a batch.
//
// [Batch] answers for one item (has AiR a job for it?) and for a run's start (do this queue and AiR belong together?),
// [Audit] for all items of a batch, and [HasJobs] for a batch that is yet to be made.
//
//  1. A listed job belongs to an item if Batch, Name, Source.Bucket and Source.ObjectKey agree exactly. A source that
//     differs only in its spelling is reported, and counts only where no other item can be meant.
//  2. Only an empty page ends a list. A short, refused or repeated page proves nothing.
//  3. Presence is proven by one page. Absence is proven by a list by name that began after the settle window and was read
//     to its end, together with the batch's newest jobs back to the attempt, which must all belong to other items.
//  4. Lists change while their pages are read. A list of several pages is read in both orders until two passes in a row show
//     the same jobs and neither shows a job twice.
//  5. A job without a usable id may belong to any item: a list with such a job proves no absence.
//  6. Two jobs for one item, or a name with another source, end the item's lookups; it stays in doubt.
//  7. Bulk pages are bounded in memory: two bits an item, and the ids of at most 100,000 jobs that do not agree.
//
// It only requests lists. Package worker knows when an item was sent and when the settle window of
// that attempt is over.
package joblist
