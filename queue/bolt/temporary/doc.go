// Package temporary opens queues that nothing is kept of.
//
// Invariants:
//
//  1. After Close no file is left. Where the system can remove an open file it has no name from the start, so that a killed
//     process leaves none.
//  2. Nothing waits for the disk.
//
// What a queue is, is left to package bolt.
package temporary
