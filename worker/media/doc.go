// Package media answers: how much media was sent of the batches of a run, and may this item go too?
//
// Invariants:
//
//  1. What is counted is the playing time of each item that has a job, or may have one, or is claimed: read from the queue as a
//     batch is loaded, and kept up with each claim and each result. So it is the same after a restart.
//  2. An item is counted as it is claimed, before it is sent. One that would exceed the budget is not counted and not allowed, and
//     nothing more is claimed, unless something that was counted turns out not to have been accepted.
//  3. An item without a known playing time is always allowed; only their number is counted.
//
// Outside: how long an item plays (queue/playtime), and the claim itself (package worker). A batch whose jobs are adopted during a
// run is counted anew by the next.
package media
