// Package trial follows the canary sample of a batch: a few items whose jobs must end well at AiR before the rest is sent.
//
//  1. A sample has the items that were chosen for it. While it is running, nothing else of its batch may be sent.
//  2. An item counts as completed once AiR has completed its job. It counts as failed if AiR refuses it, fails or cancels its job, or no
//     longer has the job, and if lookups cannot tell which job is the item's.
//  3. It is decided when every item is, and has passed if at most as many failed as may. Once more have, no further item is sent, and
//     what was sent is awaited, so that the reasons are known.
//  4. An item that is cancelled in the queue before it is sent is no longer part of the sample.
//
// Outside: which items are chosen (queue/sample), how they are claimed and sent (worker), and how the end of a job becomes known
// (worker/openjobs).
package trial
