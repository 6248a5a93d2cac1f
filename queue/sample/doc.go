// Package sample chooses items that stand for all pending items of a batch.
//
// A [Sample] sees each item once and keeps a few; [Sample.Choose] takes the chosen ones in turn from every type, by the extension
// of the key, and within a type in turn from every folder below the one that all of the type share.
//
//  1. The same items of the same batch give the same choice. Up to 64 types are told apart.
//  2. Of each type a bounded number is kept, chosen by a hash of the object, so that memory does not grow with the batch.
//  3. No item is chosen twice.
//
// Outside: which items are pending, and what the sample is for.
package sample
