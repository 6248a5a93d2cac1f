// Package codec answers: how does a single value lie in the file, so that a flipped bit is found?
//
// bbolt checks its meta pages only, so every value has a checksum of its own.
//
//  1. A value that was changed in any bit, or that stands under another key, is not decoded: the work ends with an error
//     instead of sending something else.
//  2. Decoding never allocates much more than a value is long, whatever its bytes are.
//
// What the values mean is left to packages block and index.
package codec
