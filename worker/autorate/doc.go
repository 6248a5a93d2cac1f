// Package autorate answers which rate AiR was found to bear, and remembers it.
//
// It stands between a run and AiR: all requests pass it, and it tells the controller of package ratelimit/adaptive of each and
// of its answer.
//
// Invariants:
//
//  1. While it is off it changes nothing and costs one load of a pointer.
//  2. It changes no request and no answer.
//  3. It sets one ceiling of the pace and lifts no other.
//  4. What was learned is stored when it has changed by much or is old, and at the end of a run.
//
// Outside: how the rate is found (ratelimit/adaptive), the other ceilings (worker/pace), the waits that AiR asks for (worker).
package autorate
