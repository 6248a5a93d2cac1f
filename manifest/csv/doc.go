// Package csv reads the rows of tables and lists of keys. It reads CSV exactly as RFC 4180 defines it, in the dialects
// that people have (other delimiters, titles and comments above the header, repeated headers, totals), and text with
// one key a line. It also writes records.
//
// Invariants:
//
//  1. Cells are the exact bytes between the delimiters: encoding/csv changes CRLF
//     inside quotes, and buffers a whole file after an unclosed quote.
//  2. A row with another number of cells than the header is rejected, unless only
//     empty cells are missing or too many.
//  3. A first row that could be read in two ways is refused.
//  4. What [WriteRecord] writes is read back byte for byte.
//
// Outside: what the columns mean (manifest/entry), which format a source has (manifest).
package csv
