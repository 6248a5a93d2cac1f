// Package metrics shows a queue and its run to Prometheus, and says whether the process is alive and ready.
//
// [Metrics] counts what the pools of each account do, as their [worker.Observer], and reads the state of the queue at each scrape.
//
// Invariants:
//
//  1. The number of series does not grow with the items, and not with the batches beyond maxBatches; it grows
//     with the accounts of the config file alone. Label values that AiR chooses come from a fixed list.
//  2. A scrape reads counters of the queue, never its items.
//  3. Counting a request takes no lock and, once its code was seen, no memory.
//  4. No name of an object, no key and no answer is shown.
//  5. A queue that cannot be read is a metric; the counters are shown all the same.
//
// Outside: where the handlers are mounted and who may call them (the command, worker/service/api), and what an overview
// holds (worker/service).
package metrics
