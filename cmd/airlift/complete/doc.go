// Package complete answers what a shell can complete: flags, their values and the batches of the queue.
//
// Invariants:
//
//  1. Completion never blocks and changes nothing.
//  2. A value that a shell cannot show is not completed.
//
// Outside: the commands and their flags (package main).
package complete
