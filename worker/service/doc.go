// Package service answers: what can be asked of a queue? It adds to a queue, works it and inspects it, on whichever engine
// holds it. The command line calls it, and so can a socket or a page.
//
// Invariants:
//
//  1. It knows no flag, no environment and no terminal: values come in and go out as plain structs, events go to a logger.
//  2. What a method changes is durable when it returns.
//  3. Errors are typed where a caller tells them apart; texts for people are complete.
//
// How an item is sent is outside (package worker), and so are what an item may become (package queue), how sources become
// items (package intake) and how results are shown (the command).
package service
