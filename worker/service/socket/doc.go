// Package socket gives the holder of a queue a unix socket at which only its own user and root can ask it.
//
// Invariants:
//
//  1. The folder of the socket has mode 0700 from its beginning; on Linux the socket has 0600 too. No mode is changed after the bind.
//  2. Both ends check the user of the other: a holder answers its own user and root, and a process asks only holders of its own
//     user and of root, unless it is root's.
//  3. A socket that a killed process left is removed, and one that answers never is. Only the holder of the queue's lock
//     removes one.
//
// Outside: who holds the queue and how others learn the socket's path (package hold), and what is said (package api).
// Where the system does not tell the user at the other end, as on Windows, there is no socket.
package socket
