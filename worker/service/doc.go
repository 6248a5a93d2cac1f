// Package service answers: what can be asked of a queue? It adds to a queue, works it and inspects it, on whichever engine
// holds it. The command line calls it, and so can a socket or a page.
//
// Invariants:
//
//  1. It knows no flag, no environment and no terminal: values go in and out as plain structs, and events go to a logger.
//  2. What a method changes is durable when it returns.
//  3. An end is an [Outcome]: why it came, how the batches stand, what the sources lacked. Errors are typed where a caller
//     tells them apart, and each is a complete message.
//  4. Work stops as soon as the queue file is no longer in its place.
//  5. All batches of a run are checked before anything is changed or sent.
//
// Outside: how an item is sent (package worker), what an item may become (package queue), how sources become items (package
// intake), when items will be sent (package plan), and how results are shown (the command).
package service
