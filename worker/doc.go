// Package worker answers: how is one item sent, judged, looked up, waited for?
//
// A [Pool] works some batches of one account. Its scheduler decides which item is next and claims it, its senders take
// one item each through the gate to a verdict, its committer stores what came of many items in one commit, and
// its lookups settle what is in doubt. An [Observer] is told of it.
//
//  1. The intent to send an item is durable before its POST leaves, and a POST is never repeated by itself.
//  2. An item that may have been sent is looked up immediately before each further POST; what is in doubt is not sent.
//  3. Absence is believed a settle window after the attempt ended, and only as package joblist proves it.
//  4. An answer once received is stored, whatever ended the run. Only then others may rely on it.
//  5. No more items are claimed than the workers have on their way or use up during a commit.
//  6. A pass of the gate that became void sends nothing. After a start, a pause, a stop or an outage one canary goes alone.
//  7. The gate owns the pause: until when, and why. What a rerun must keep to is stored with the account.
//  8. Of several reasons to stop the gravest counts. All goroutines have ended when [Pool.Run] returns.
//
// What lists prove is in worker/joblist, how AiR is spoken with in worker/air, when a request may leave in ratelimit, and
// what may become of an item in queue.
package worker
