// Package input turns the bytes of a source into lines of text. It
// decompresses gzip and zstd, detects text that is not UTF-8, and splits lines.
//
// Invariants:
//
//  1. A truncated or damaged stream is an error, never a shorter file.
//  2. Memory is bounded: no line over [MaxLine] is kept, and no zstd window over
//     128 MiB.
//  3. Line numbers count physical lines, from 1.
//
// encoding/csv, bufio.Scanner and the like are not used, because they drop or change bytes, or stop at a long line.
package input
