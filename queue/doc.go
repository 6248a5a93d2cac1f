// Package queue says what an item of a queue is and what may become of it: plain data, pure rules, and the contract of the
// engines that store both.
//
// Invariants:
//
//  1. An item is in exactly one [State]. It changes by the moves of [Apply], [Claim], [Change.Of], [Restore], [Adopt] and
//     [Contest] alone; anything else is a [MoveError].
//  2. An item that may have been sent is in doubt, or marked as sent, until a lookup or an answer tells what became of it.
//     Nothing else makes it pending.
//  3. The books balance: the items of a batch are the sum over all states ([Counts]), and the rows of a reading the sum of
//     added, known, duplicate, rejected and skipped ones ([Reading]).
//  4. An item is identified by its batch, bucket, key and version. The name of its job is made of these alone, unless its
//     row gives one.
//  5. At most one item of a batch has a given job id.
//  6. Rules are pure: they read through [Items] what an engine stores, and return what it is to store.
//
// [Store] is what the rest of airlift asks of an engine, in four parts of at most eight methods; package queuetest tests
// that an engine keeps it.
//
// Outside: how a queue is stored (packages bolt and memory), how sources become items (package intake), what an answer of
// AiR means (package worker).
package queue
