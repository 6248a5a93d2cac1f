// Package plan answers: what would be sent, how much is it, and when is it done?
//
// [New] makes a dry run of a prepared reading and breaks down what a run would send, by media type, size and prefix;
// [First] and [ShowFirst] show the first jobs as they would be sent. [Limits] are the limits of submitting, and
// [Limits.Input] makes a forecast of them, for a run's progress, `airlift status` and `airlift plan`.
//
// Invariants:
//
//  1. Nothing is stored or sent.
//  2. The counts of a plan are those of a run of the same sources on the same queue.
//  3. The breakdown takes bounded memory, and its sums are exact: what is not listed is counted together.
//  4. There is no forecast while a stop is in force.
//
// Outside: reading and comparing (package intake), how a forecast is computed (package forecast), and how a plan is printed or saved.
package plan
