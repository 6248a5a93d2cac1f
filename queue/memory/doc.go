// Package memory keeps airlift's queue in memory. It is the engine of dry runs, and of tests that need no file.
//
// Invariants:
//
//  1. It does what [queue.Store] says, by the rules of package queue. Package queuetest and a test beside the engine on a
//     file compare the two.
//  2. One mutex guards a whole queue. It is never held while a caller's function runs.
//  3. An item that was never claimed, cancelled or adopted has no record: it is pending.
//  4. An item takes some 90 bytes beside its key and its further values. One whose row gives a name or job fields takes
//     some 240 more. So a dry run of ten million new plain rows holds 1 to 2 GB; rows that the queue has cost nothing.
//
// Outside: durability. What a queue holds ends with the process; [Queue.Reopen] shows what a next one would find.
package memory
