// Package memory keeps airlift's queue in memory, in plain maps and slices. It is the engine of tests that need no file.
//
// Invariants:
//
//  1. It implements [queue.Store] by the rules of package queue. Package queuetest and a comparison with the engine on a
//     file test it.
//  2. One mutex guards a whole queue. Filter.Key of a Change and the progress function of Check run with it held.
//  3. An item that was never claimed, cancelled or adopted has no record: it is pending.
//
// Outside: durability. A queue ends with its process; [Queue.Reopen] simulates opening it again.
package memory
