// Package bolt stores the queue in one file. It is the only package that imports bbolt; no transaction leaves
// it. [DB] is a [queue.Store].
//
// Of each batch the file holds, each in a bucket (see layout.go):
//
//   - items: what was enqueued, written once, in blocks.
//   - open: the items that are sending or in doubt.
//   - ready: the items that became pending again.
//   - results: submitted, failed and cancelled, appended under sequence number and generation and never rewritten.
//   - index and runs: the item of each object. The part for the newest items is only in memory (the memtable).
//   - histories: for changed objects, the further items and the contents of each.
//   - events: what happened to an item, if its records do not tell it. A first success or refusal needs none.
//   - rejected and marks: the rejected rows of the latest reading, and its position.
//
// Its meta holds the counts and a cursor, the first item that was never claimed. From the cursor on, an item without a result is
// pending and has no record. The state of an item before the cursor that is neither open nor ready is that of its last
// result says. The gates and the daily counts of the accounts stand beside the batches.
//
// Invariants:
//
//  1. One goroutine writes (see writer.go). A method returns once its change is durable, or nothing has changed.
//  2. Whenever the process or the machine dies, the file holds exactly the commits that were acknowledged, and perhaps the
//     one then under way, whole or not at all. What each crash leaves behind is said in writer.go.
//  3. The counts change in the same transaction as the items, by one step of package queue for each item.
//  4. The intent to send an item is durable before Exchange returns it; an intent found at open is in doubt.
//  5. After a failed commit nothing is written until the queue is opened again.
//  6. Every value carries a checksum: a flipped bit ends the work instead of changing what is sent.
//
// How bytes are laid out is left to packages block and codec, which object an item is to package index, the file's place
// and lock to package file, and the rules to package queue.
package bolt
