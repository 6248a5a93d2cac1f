// Package airclock answers what time it is by AiR's clock, whose days count for caps and limits.
//
// Invariants:
//
//  1. It learns from the Date headers of answers only while they are plausible; after the first that is not, it learns
//     nothing more in this run.
//  2. A stored offset is replaced only after every Date of ten minutes, over all runs, has shown the other one. Until then
//     both are known, and the caller uses the stricter day.
//  3. It reads our wall clock and our monotonic clock, and sets neither.
//
// Outside: the queue in which the offset is stored, the warnings, and how many claims a day has (package worker).
package airclock
