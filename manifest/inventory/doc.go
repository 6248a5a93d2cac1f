// Package inventory reads S3 Inventories: the manifest.json and its parts, in CSV or Parquet, beside a local
// manifest.json or from S3.
//
// Invariants:
//
//  1. A part is read only after its size and MD5 checksum are known to be right,
//     as far as the manifest.json gives them: a damaged part gives no row at all.
//  2. All local parts must exist before the first row is read.
//  3. A Parquet column of a type whose meaning is not certain is refused: an
//     ignored column could let deleted objects and old versions through.
//
// Outside: ORC, and lists without a manifest.json.
package inventory
