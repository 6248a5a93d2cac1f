// Package filter selects entries: by patterns as in rclone, file types, size, date, and samples.
//
// Invariants:
//
//  1. Every entry that is left out has exactly one reason.
//  2. A pattern means what it means to rclone; where rclone and its documentation
//     differ it is refused.
//  3. Whether an object is in a sample depends on its bucket and key alone.
//
// Outside: the object's content (manifest/preflight).
package filter
