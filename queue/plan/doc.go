// Package plan answers what would be sent, how much it is, and when it will be done. What a run shows, `airlift status` and
// `airlift plan` all ask it.
//
// Invariants:
//
//  1. Every forecast comes from [Limits.Forecast], so that all commands give the same answer at the same time.
//  2. Days are UTC days, as AiR counts them.
//  3. While a stop is in force nothing is forecast.
//  4. A [Tally] needs bounded memory; its sums are exact.
//
// Outside: how the entries of the sources are read and compared with the queue (queue/intake), and how a plan is shown
// (cmd/airlift/term).
package plan
