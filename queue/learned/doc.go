// Package learned answers what the stored days of an account teach about AiR's limits.
//
//  1. It reads the days of a span in one call, and changes nothing.
//  2. What follows from the days is decided in package caps alone.
//
// Outside: what is observed (package worker), and what is done with it.
package learned
