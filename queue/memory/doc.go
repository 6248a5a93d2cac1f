// Package memory keeps airlift's queue in memory. It is the engine of dry runs, and of tests that need no file.
//
// Invariants:
//
//  1. It implements [queue.Store] by the rules of package queue. Package queuetest and a comparison with the engine on a
//     file test it.
//  2. One mutex guards a whole queue. Filter.Key of a Change and the progress function of Check run with it held.
//  3. An item that was never claimed, cancelled or adopted has no record: it is pending.
//  4. An item takes some 90 bytes beside its key and its further values. One whose row gives a name or job fields takes
//     some 240 more. So a dry run of ten million new plain rows holds 1 to 2 GB; rows that the queue has cost nothing.
//
// Outside: durability. A queue ends with its process; [Queue.Reopen] simulates opening it again.
package memory
