// Package preflight answers: is an object worth a job? It asks whether objects are
// there, can be read, and hold what their names say, before jobs are made.
//
// Invariants:
//
//  1. A finding is certain: errors of the server or the network are never taken
//     for a missing object, and unrecognized content is not rejected.
//  2. At most a few ranges of an object are read, never the whole.
//
// Outside: which objects are looked at, and what follows from a finding.
package preflight
