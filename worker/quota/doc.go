// Package quota observes AiR's limits during a run: which of our jobs AiR accepted when, when it refused one, and how many
// jobs others made.
//
//  1. Every observation is durable with the day on which it was made, by AiR's clock, so that a restart loses none.
//  2. What follows from the observations is decided in package caps, from what the queue has stored: two processes, one after the other,
//     conclude the same.
//  3. Others' jobs are counted only while a pause lasts, with few requests, each of which takes its token. A list that
//     contradicts itself, or that has fewer jobs than we made, tells nothing.
//
// Outside: the pause itself, and what a run does about the monthly quota (package worker).
package quota
