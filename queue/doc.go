// Package queue defines the items of a queue and their state changes: plain data, pure rules, and the contract of the
// engines that store them.
//
// Invariants:
//
//  1. An item is in exactly one [State]. Only [Apply], [Claim], [Change.Apply], [Recover], [Restore], [Adopt] and
//     [Contest] change it; any other change is a [TransitionError].
//  2. An item that may have been sent is in doubt or marked as sent until a lookup or an answer shows the outcome.
//     Nothing else makes it pending.
//  3. The counts add up: the items of a batch are the sum over all states ([Counts]), and the rows of a reading the sum of
//     added, known, duplicate, rejected and skipped ones ([Reading]).
//  4. An item is identified by its batch, bucket, key and version. The name of its job is made of these alone, unless its
//     row gives one.
//  5. At most one item of a batch has a given job id.
//  6. What happened to an item is stored with the change itself ([Event]).
//  7. Rules are pure: they read stored items through [Items] and return the changes to store.
//
// [Store] is the interface of an engine, in four parts of at most eight methods; package queuetest tests
// engines against it.
//
// Outside: how a queue is stored (packages bolt and memory), how sources become items (package intake), what an answer of
// AiR means (package worker).
package queue
