// Package preflight checks objects before they get jobs: whether they are
// there, can be read, and hold what their names say.
//
// Invariants:
//
//  1. A finding is certain: errors of the server or the network are never taken
//     for a missing object, and unrecognized content is not rejected.
//  2. At most a few ranges of an object are read, never the whole.
//
// Outside: which objects are looked at, and what follows from a finding.
package preflight
