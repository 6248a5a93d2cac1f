// Package file locks, creates and validates the queue file, and advises the system how it is read.
//
// Invariants:
//
//  1. One process at a time holds a queue, by a lock file beside it. Symbolic links to a queue lead to the same lock.
//  2. A queue appears under its name complete and synced, or not at all. Files left by a killed process are removed by
//     the next holder.
//  3. A file that is shorter than its newest meta page says is not opened: bbolt maps it without comparing.
//  4. A holder can find out that the file at its path is no longer the one that it has open.
//
// What is in the file, and the lock that bbolt itself takes, are left to package bolt.
package file
