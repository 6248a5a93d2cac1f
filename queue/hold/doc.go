// Package hold locks files and replaces them atomically.
//
// Invariants:
//
//  1. One process at a time holds a queue file, by a lock file beside it that names the process.
//  2. A file is replaced atomically: readers see the old file or the whole new one.
//  3. Every command resolves symbolic links in the same way.
//  4. No wait is unbounded, not even for the reader of a pipe.
//
// Outside: what is in the files.
package hold
