// Package turns answers which batch is next, in proportion to the shares, by start-time fair queueing.
//
// Invariants:
//
//  1. Batches that always have something pending get items in proportion to their shares, over any stretch of time.
//  2. A batch that had nothing pending makes up for nothing.
//  3. The turn of an item that was not claimed can be given back.
//
// Outside: which batches have something pending, what their shares are, and the claim itself (package worker).
package turns
