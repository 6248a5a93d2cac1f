// Package hold answers: who may use a file, and how is it replaced?
//
// Invariants:
//
//  1. One process at a time holds a queue file, by a lock file beside it that says who.
//  2. A file is replaced in one step: there is the old one or the whole new one, whatever happens meanwhile.
//  3. A path leads to a file through symbolic links, and every command resolves them in the same way.
//  4. Nothing is waited for without an end, a pipe that nobody reads included.
//
// Outside: what is in the files.
package hold
