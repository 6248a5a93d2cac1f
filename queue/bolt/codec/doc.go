// Package codec encodes single values of the file with checksums.
//
// bbolt checks its meta pages only, so every value has a checksum of its own.
//
//  1. A value with a flipped bit, or under another key, is not decoded: decoding fails with an error
//     before anything wrong is sent.
//  2. Decoding never allocates much more than a value is long, whatever its bytes are.
//
// What the values mean is left to packages block and index.
package codec
