// Package socket gives the holder of a queue a unix socket at which only its own user and root can ask it.
//
// Invariants:
//
//  1. The folder of the socket has mode 0700 from its beginning, and the socket 0600. No mode is changed after the bind.
//  2. Both ends check the user of the other: a holder answers its own user and root, and a process asks only holders of its own
//     user and of root, unless it is root's.
//  3. A socket that a killed process left is removed, and one that answers never is. Only the holder of the queue's lock
//     removes one.
//
// Outside: who holds the queue and how others learn the socket's path (package hold), and what is said (package api).
// Windows tells no user of a unix socket, so there is none.
package socket
