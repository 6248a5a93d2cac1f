// Package verdict decides what an answer of AiR to a submitted job means.
//
//  1. [Judge] is pure: the same outcome gives the same verdict.
//  2. Only an outcome that proves that AiR accepted nothing leaves an item pending.
//
// Outside: what a run does for a verdict (package worker).
package verdict
