// Package failures counts the items that were decided in a run, and says when too many of them have failed: then the settings are
// wrong rather than the items.
//
// Outside: what counts as a failure, and what ends.
package failures
