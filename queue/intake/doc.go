// Package intake answers: how do sources become items of a batch?
//
// An entry passes through [manifest.Reader], filter, row, sample, preflight, buffer, chunk and store, in this order. [Prepare] makes
// all checks that are possible before anything is stored or sent, and reads ahead as far as they need. [Reading.Into] then
// reads the sources to their end into a store, while the batch is being sent. A dry run ([Intake.DryRun]) is the same
// reading into a store of its own.
//
// Invariants:
//
//  1. Every row of a source is counted once: as an item, as rejected or as skipped.
//  2. A reading is complete only if every source ended cleanly. The error of a source that broke off is logged once, and
//     the other sources are still read.
//  3. The mark of a page is stored in the same chunk as its last row, so that another process resumes exactly after it.
//  4. Prepare stores only the batch, its settings and the beginning of an adoption, after all checks.
//  5. When Into returns nothing more is read and the source is closed. A source that blocks and cannot be interrupted is
//     closed as soon as it returns.
//  6. An error of the queue ends the reading.
//
// Files, in the order of data flow: options.go, sources.go and rules.go (what is read), prepare.go, settings.go,
// since.go and changes.go (checks), open.go, reading.go, rejects.go, services.go, sample.go, preflight.go, buffer.go,
// into.go (the path of a row), marks.go, empty.go, end.go and replace.go (the end), dryrun.go and details.go.
//
// Outside: how a source is read (package manifest), how items are stored (the engines), how they are sent (package worker),
// and flags, output and exit codes: errors are typed, and the caller maps them.
package intake
