// Package s3scan reads from S3 servers. It lists buckets with several workers at once, reads single objects, and
// explains the errors of an S3 server.
//
// A listing begins as one key range ([Open]). A worker without work splits a range at a split point: a folder's name,
// or a guess from the keys. The new range begins at the first key that the server lists there.
//
// Invariants:
//
//  1. An answer that is not certainly S3's to what was asked is an error, never a
//     shorter list.
//  2. No split point has to be right: a range ends where its own pages reach the
//     first key of the next range, so no key is listed twice or lost.
//  3. [Reader.Cursor] covers exactly the pages that were read.
//  4. Errors that may pass are retried for [Config.RetryBudget].
//  5. The client follows no redirect: requests are signed for one host.
//
// Outside: which objects are taken.
package s3scan
