// Package budget answers: how many jobs may be claimed today and this month, and which limit says so?
//
// Invariants:
//
//  1. A limit counts every claim of the account that is not proven to be refused, over all runs of a queue.
//  2. What is reserved is taken from AiR's limits as they were learned. Before one is learned there is nothing to take it from.
//
// Outside: the check itself, which is a part of the claim's transaction (package queue), and what AiR's limits are
// (ratelimit/caps).
package budget
