// Package outage answers whether AiR is out, and how long to wait for the next canary.
//
// Invariants:
//
//  1. Requests that were in flight when the gate was shut add no wait: many workers meet one outage at once.
//  2. The wait grows with each canary lost in a row, to [MaxWait], and never beyond the time at which the run gives up.
//  3. An answer of which the outcome is not bad ends the outage. A run that never had an answer gives up after a minute.
//
// Outside: which outcomes are bad (the verdicts of package worker), the gate (ratelimit), and the end of the run.
package outage
