// Package delayqueue answers which items are due, and when the next one is.
//
// Invariants:
//
//  1. No item is taken before it is due, and the earliest due is taken first.
//  2. Items of guests do not count as waiting. All others do until they are done with, also after they were taken.
//  3. Whoever has the channel of [Queue.Added] misses no item that is added later.
//
// Outside: when an item is due and what is done with it (package worker).
package delayqueue
