// Package index answers: has the batch this object, and which item is it?
//
// An [Index] is a set of sorted runs in a key-value store ([Tx]), and a memtable: the entries of the newest items, in memory
// only until they are a run's worth or the reading ends. Small runs are merged. A Bloom filter, read from the index by the
// first who adds, answers for most new objects. An entry is a keyed 128-bit hash of bucket and key, a fingerprint of the
// row's other fields, and the sequence number of the object's first item; further items of an object are not in the index.
//
// Invariants:
//
//  1. Every object of the batch is in exactly one run, or in the memtable. An object that is not found would get a second
//     job: so every value is checked, and the filter counts what it reads.
//  2. [Books] say how far the runs go, and change in the transaction that changes the runs. After a crash the memtable is
//     made again from the items behind that.
//  3. A run is written once, and deleted in the transaction that stores the merged one.
//  4. Reads are safe at any time. [Index.LookupNew], [Index.Insert], [Index.Flush], [Index.Merge] and [Index.Forget] need the
//     caller to let one at a time.
//
// When to flush and merge, and the transactions, are left to package bolt.
package index
