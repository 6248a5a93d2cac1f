// Package check answers: do the books of a batch agree with what is stored?
//
// It counts everything again. It checks that every item can be decoded and has one lawful record, that the books are what counting
// gives, that each item is in the index once or, a version, in the history of its object, and that the reading balances. Of all
// batches together it checks the daily counts of their accounts.
//
// Invariants:
//
//  1. What is wrong is reported and never ends the check, except the end of the context.
//  2. All parts of a [Batch] show one moment.
//
// The pages of the file, and where the parts are, are left to package bolt.
package check
