// Package adaptive answers which rate a server bears.
//
// It learns from three things alone: a request leaves, it is answered, it is throttled. The rate falls when the server throttles,
// or when its answers take much longer than at low load; it grows again slowly to a little below what the server bore, and only
// then, and rarely, above it.
//
// Invariants:
//
//  1. The rate is never above [Config.Max], and never below [Config.Least].
//  2. A rate that is not used does not grow: while workers, items, a pause or another ceiling limit, nothing is learned.
//  3. Throttled answers are paid for: each must be followed by [pay] requests before the rate goes above what the server bore.
//  4. Throttled answers of requests that were under way together lower the rate once.
//  5. What was learned long ago is believed less: a start uses a part of it, that shrinks with its age.
//  6. It needs no timer and no goroutine, and reads no clock.
//
// Outside: what an answer means (package worker/verdict), how requests are spaced (ratelimit), where the rate is kept.
package adaptive
