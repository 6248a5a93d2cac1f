// Package bolt keeps airlift's queue in one bbolt file. It is the only package that imports bbolt; no transaction
// leaves it.
//
// # Layout
//
// Of each batch the file holds:
//
//   - items: what was enqueued, written once. Up to 1,000 items make a block, packed and with a checksum; its key is the
//     sequence number of the first.
//   - a cursor, in the batch's meta: the first item that was never claimed. From there on an item without a result is
//     pending, and nothing is stored of it.
//   - open: the items that are sending or in doubt, the few that a crash puts in question.
//   - ready: the items that became pending again. They are claimed before the cursor moves on.
//   - results: submitted, failed and cancelled, appended under sequence number and generation and never rewritten. An
//     item that is neither open nor ready is what its last result says.
//   - index: which item is which object, as sorted runs of keyed hashes (see hash and index.go). What it has of the newest
//     items is in memory alone, until that is a run's worth or the reading ends; the meta says how far the runs go, and
//     whoever opens the file after a crash makes the rest again from the items (see late.go).
//   - histories: of the objects that changed, which contents their items stand for, and the further items (see history).
//     The index names the first item of an object only.
//   - rejected: the rows of the latest reading that were turned away.
//   - marks: how far that reading has come, in words of its own, until it is complete.
//
// The meta holds the books, which change in the same transaction as what they count. The gates and the daily counts of
// the accounts stand beside the batches.
//
// Every value carries a checksum (see checksum.go): a flipped bit ends the work instead of changing what is sent. A file of
// a former format is brought to the present one when it is opened (see upgrade.go).
//
// # Writing
//
// One goroutine writes. Callers hand it operations; it commits what has come in while the last commit was under way, at
// once when idle. An operation that is refused for its own reason has written nothing and does not touch the others.
//
// # What each crash leaves behind
//
// bbolt writes a commit's pages to unused places, syncs, then writes the meta page that is not the newest, and syncs
// again. The meta carries a checksum: if it is torn, the other one still names the state before. So whenever the process
// or the machine dies, the file holds exactly the commits that were acknowledged, and perhaps the one then under way,
// whole or not at all. A half-made change cannot arise. In particular:
//
//   - in Open, creating: nothing but a file of a temporary name (.queue.db.new-*), which anybody may delete; the queue
//     appears under its name complete and synced, or not.
//   - in Open, recovering: items are still sending, or already in doubt; the next Open puts the rest in doubt.
//   - in Add: all rows of the chunk are stored and booked, or none; the reading is not complete, so its
//     sources are read again and the rows that are there are known, or it goes on from its marks, which say what the
//     last chunk that is stored says.
//   - while a run is stored: the run and how far the runs go, or neither.
//   - while runs are merged: the old runs, or the new one.
//   - in Claim: either the intents are stored, and the items are in doubt at the next Open although the caller may never
//     have learned of them; or nothing is, and nothing was sent, for the caller sends only after Claim has returned.
//   - between Claim and Finish: in doubt at the next Open, to be looked up.
//   - in Finish: the results are stored, or the items are in doubt at the next Open and a lookup finds what became of
//     them.
//   - in Exchange: the results are stored and the intents are, or neither.
//   - in Adopt: the jobs of the call and the items made for them are stored, or none is; AiR's list is read again and shows them again.
//   - in Retry, Cancel, Withdraw and Replace: some items are changed, the others not; the same command changes the rest.
//   - in Compact: the old file and perhaps a *.compact beside it, which the next Open deletes; or the new file.
//
// A commit that fails while the process lives is another matter: the disk may hold the old state or the new one, and
// asking it again to sync proves nothing. The queue then refuses everything ([queue.ErrBroken]) until it is opened
// afresh, which settles the matter as after a crash.
package bolt
