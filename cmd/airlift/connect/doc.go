// Package connect opens the queue in this process or, if another process holds it, connects to that.
//
// Invariants:
//
//  1. A command works with a [queue.Store] and a [service.Queue], and does not know where the queue is.
//  2. Whoever opens the queue serves it to others until it is closed.
//  3. Only a holder that cannot be asked makes a command fail with [queue.ErrLocked]: one on another host or of another user,
//     or an airlift of another version.
//
// Outside: what is asked (package service/api) and where the socket lies (package service/socket).
package connect
