// Package jsonl reads JSON Lines. A row is one object, with
// the columns as members, or in the shape of AiR's POST /jobs. jsontext parses the
// lines. The package also describes JSON that is one document over many lines.
//
// Invariants:
//
//  1. A line with a duplicate name, invalid UTF-8 or a lone surrogate is rejected.
//  2. Other members are kept unchanged: a string as the string, anything else as
//     its JSON text.
//  3. What is remembered of the names in a file is bounded.
//  4. Several cores decode lines; rows, reasons and warnings have the order of the
//     file. No goroutine outlives the call that started it, and no row waits for
//     the next one to be written.
//
// Outside: what the columns mean (manifest/entry).
package jsonl
