// Package input answers: how do the bytes of a source become lines of text? It
// decompresses gzip and zstd, finds what is no text in UTF-8, and splits lines.
//
// Invariants:
//
//  1. A stream that is cut or damaged is an error, never a shorter file.
//  2. Memory is bounded: no line over [MaxLine] is kept, and no zstd window over
//     128 MiB.
//  3. Line numbers count physical lines, from 1.
//
// encoding/csv, bufio.Scanner and the like are not used, because they drop or
// change bytes, or stop at a long line.
package input
