// Package worker sends the items of batches to AiR, judges the answers, and looks up items in doubt.
//
// A [Pool] sends the batches of one account. Its scheduler chooses and claims items, its senders take
// one item each through the gate to a verdict, its committer stores the results of many items in one commit, and
// its lookups resolve items in doubt. An [Observer] is notified.
//
//  1. The intent to send an item is durable before its POST leaves, and a POST is never repeated by itself.
//  2. An item that may have been sent is looked up immediately before each further POST. Items in doubt are not sent.
//  3. A job counts as absent only a settle window after the attempt ended, and only if package joblist proves it.
//  4. Every received answer is stored, however the run ends. It is used only after it is stored.
//  5. No more items are claimed than the workers are sending or use during one commit.
//  6. Nothing is sent with a void pass of the gate. After a start, a pause, a stop or an outage a single canary is sent first.
//  7. The gate holds the pause: its end and its reason. What a rerun must respect is stored with the account.
//  8. Batches with pending items take turns in proportion to their shares; a batch that had none makes up for nothing.
//  9. A run waits for the batches that it was started with and for holds, and not for guests. A pause by hand, of all or of a
//     batch, is kept in the queue; neither answers nor a pause that AiR caused end it.
//  10. Of several reasons to stop, the most serious one is returned. All goroutines have ended when [Pool.Run] returns.
//
// Outside: what lists of jobs prove (worker/joblist), the AiR client (worker/air), when a request may leave (ratelimit),
// and the states of items (queue). Rooms of their own below: whose turn it is (worker/turns), which lookups are due
// (worker/delayqueue), what an outage is (worker/outage), and AiR's time (worker/airclock).
package worker
