// Package intake answers: how do sources become items of a batch?
//
// An entry of a source goes one way: [manifest.Reader] -> filter -> row -> sample -> preflight -> buffer -> chunk -> store.
// [Prepare] checks all that can be checked before anything is stored or sent and reads ahead as far as that takes;
// [Reading.Into] then reads the sources to their end into a store, while the batch is being worked. A dry run is the same
// reading into a store that is thrown away ([Intake.DryRun]).
//
// Invariants:
//
//  1. Every row that a source gives is counted once: as an item, as rejected, or as skipped.
//  2. A reading is complete only if every source ended cleanly. A source that broke off is logged once, and the others are
//     still read.
//  3. Marks are stored in the same chunk as the last row of their page, so another process goes on exactly behind it.
//  4. Prepare stores nothing but the batch, its settings and the note of an adoption, and these after all checks.
//  5. Nothing is read once Into has returned, and its source is closed; a source that blocks is closed as soon as it
//     returns.
//  6. What is wrong with the queue ends the reading.
//
// The files, in the order of the way: options.go, sources.go (what is read), prepare.go, settings.go, versions.go,
// since.go (checks), reading.go, rejects.go, sample.go, preflight.go, buffer.go, store.go (the way of a row), marks.go,
// empty.go, end.go, replace.go (the end), dryrun.go.
//
// Outside: how a source is read (package manifest), how items are stored (the engines), what is sent (package worker), and
// flags, output and exit codes: errors are typed, and the caller maps them.
package intake
