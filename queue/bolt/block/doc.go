// Package block encodes items, records, histories and rejected rows.
//
//   - A block is up to [MaxItems] items, compressed: [Encode] and [Decode].
//   - A record is the submission of one item: [Record].
//   - A history is what is known of an object with several items: [EncodeHistory].
//   - Rejected rows are kept in values of their own: [EncodeRejected].
//   - A [Page] is a block with the records of its items, copied out of a file and decoded later.
//
// Invariants:
//
//  1. Encoded data decodes to the same value. Damaged data gives an error, never a panic or a large allocation.
//  2. Items never change once they are in a block. Their sequence numbers are implied by the number of the first.
//  3. The bytes are part of the file format: a change of them needs a new one.
//
// Where the values are kept and under which keys is left to package bolt; how a single value is guarded against flipped
// bits, to package codec.
package block
