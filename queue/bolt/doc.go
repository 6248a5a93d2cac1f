// Package bolt answers: how is the queue kept in one file? It is the only package that imports bbolt; no transaction leaves
// it. [DB] is a [queue.Store].
//
// Of each batch the file holds, each in a bucket (see layout.go):
//
//   - items: what was enqueued, written once, in blocks.
//   - open: the items that are sending or in doubt, the few that a crash puts in question.
//   - ready: the items that became pending again.
//   - results: submitted, failed and cancelled, appended under sequence number and generation and never rewritten.
//   - index and runs: which item is which object. What it has of the newest items is in memory alone.
//   - histories: of the objects that changed, which contents their items stand for, and the further items.
//   - rejected and marks: the rows that the latest reading turned away, and how far it has come.
//
// Its meta holds the books and a cursor, the first item that was never claimed. From there on an item without a result is
// pending, and nothing is stored of it. An item that is neither open nor ready nor behind the cursor is what its last
// result says. The gates and the daily counts of the accounts stand beside the batches.
//
// Invariants:
//
//  1. One goroutine writes (see writer.go). A method returns once its change is durable, or nothing has changed.
//  2. Whenever the process or the machine dies, the file holds exactly the commits that were acknowledged, and perhaps the
//     one then under way, whole or not at all. What each crash leaves behind is said in writer.go.
//  3. The books change in the transaction that changes what they count, by one step of package queue each.
//  4. The intent to send an item is durable before Exchange returns it; an intent found at open is in doubt.
//  5. After a failed commit nothing is written until the queue is opened again.
//  6. Every value carries a checksum: a flipped bit ends the work instead of changing what is sent.
//
// How bytes are laid out is left to packages block and codec, which object an item is to package index, the file's place
// and lock to package file, and what is lawful to package queue.
package bolt
