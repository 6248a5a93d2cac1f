// Package pace answers which rate is in force, and what sets it.
//
// Invariants:
//
//  1. The rate in force is the smallest of the ceilings; none of them lifts another.
//  2. A change reaches the limiter, and requests that already wait, before [Pace.Set] returns.
//  3. It needs no timer and no goroutine: whoever sets a ceiling knows when.
//
// Outside: how requests are spaced (ratelimit), and how a ceiling is found: by an operator, by a table of hours, or by
// what AiR bears.
package pace
