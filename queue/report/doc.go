// Package report writes the items of a queue: as rows of a report in CSV, JSON Lines or CSV for spreadsheets, as JSON
// objects, and as a manifest.
//
// Invariants:
//
//  1. Items are in the order of the manifest. Rejected rows follow them.
//  2. A report in CSV or JSON Lines is a manifest: package manifest reads from it the same bucket, key, job settings and
//     extra columns, byte for byte. Its header is [entry.ReportColumns].
//  3. All text is valid UTF-8. In the Excel form no cell is a formula.
//  4. Memory does not grow with the batch: some pages at a time are decoded and formatted on all cores.
//  5. After a failed write nothing more is written.
//
// Outside: files and how they are replaced (queue/hold), flags, what a terminal may show (cmd/airlift/term).
package report
