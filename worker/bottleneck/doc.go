// Package bottleneck answers what keeps a run from sending faster.
//
// Invariants:
//
//  1. It measures what the workers wait for, over the last seconds. No setting is guessed from the rate.
//  2. It needs no timer and no goroutine; a worker that changes its phase costs two additions.
//
// Outside: the rate, the gate and what the answers mean (package worker), and whether items are pending (package service).
package bottleneck
