// Package service adds to a queue, runs it and inspects it, on any engine.
// The command line calls it; a socket or a page can too.
//
// Invariants:
//
//  1. It knows no flag, no environment and no terminal: values go in and out as plain structs, and events go to a logger.
//  2. What a method changes is durable when it returns.
//  3. A run ends with an [Outcome]: its reason, the status of the batches, and problems of the sources. Errors are typed if a caller
//     distinguishes them, and each is a complete message.
//  4. Work stops as soon as the queue file is replaced or removed.
//  5. All batches of a run are checked before anything is changed or sent.
//
// Outside: how an item is sent (package worker), what an item may become (package queue), how sources become items (package
// intake), when items will be sent (package plan), and how results are shown (the command).
package service
