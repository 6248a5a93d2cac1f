// Package exit decides with which code a command ends, and what its last message is.
//
//  1. [Code] is the only place that turns an error into an exit code.
//  2. Of several reasons the gravest counts, in the order of [CodesHelp].
//  3. The form of the lines of a [Tally] is documented, and scripts search for it.
//
// Outside: what ended a run (worker/stop), and how messages are printed (package main).
package exit
