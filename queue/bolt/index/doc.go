// Package index finds the item of an object of a batch.
//
// An [Index] is a set of sorted runs in a key-value store ([Tx]), and a memtable: the entries of the newest items, in memory
// only until there are enough for a run or the reading ends. Small runs are merged. A Bloom filter, loaded from the index by the
// first Add, rules out most new objects. An entry is a keyed 128-bit hash of bucket and key, a fingerprint of the
// row's other fields, and the sequence number of the object's first item; further items of an object are not in the index.
//
// Invariants:
//
//  1. Every object of the batch is in exactly one run, or in the memtable. An object that is not found would get a second
//     job: so every value is checked, and the filter counts what it reads.
//  2. [Extent] store the extent of the runs, and change in the transaction that changes the runs. After a crash the memtable is
//     rebuilt from the items after it.
//  3. A run is written once, and deleted in the transaction that stores the merged one.
//  4. Reads are safe at any time. [Index.LookupNew], [Index.Insert], [Index.Flush], [Index.Merge] and [Index.Forget] need the
//     caller to let one at a time.
//
// When to flush and merge, and the transactions, are left to package bolt.
package index
