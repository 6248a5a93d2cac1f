// Package entry defines entries, the columns they are read from, and why a row is rejected. Formats parse bytes into
// [Values]; [Checker] turns these into an [Entry], by the same rules for all formats.
//
// Invariants:
//
//  1. An entry without Skip names a bucket and a key of 1 to [MaxKey] bytes of
//     valid UTF-8.
//  2. A key is taken as it is, unless it is a URI or an ARN that names an object.
//  3. A rejected row shows bucket and key only if it is certain which cells they are.
//  4. Services are in canonical form: equal settings are equal bytes.
//
// Outside: bytes, lines and formats.
package entry
