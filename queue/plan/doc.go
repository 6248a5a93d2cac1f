// Package plan answers: what would be sent, how much is it, and when is it done?
//
// [New] makes a dry run of a prepared reading and breaks down what a run would send, by media type, size and prefix;
// [First] and [ShowFirst] show the first jobs as they are sent. [Limits] are what holds submitting back, and say by
// [Limits.Forecast] when it is done: what a run shows, `airlift status` and `airlift plan` all ask it.
//
// Invariants:
//
//  1. Nothing is stored or sent.
//  2. The counts of a plan are those of a run of the same sources on the same queue.
//  3. The breakdown takes bounded memory, and its sums are exact: what is not listed is counted together.
//  4. A forecast goes by days of the UTC calendar, and there is none while a stop is in force.
//
// Outside: reading and comparing (package intake), and how a plan is printed or saved.
package plan
