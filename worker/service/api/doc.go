// Package api queries and controls the process that holds a queue, over HTTP and JSON, below the path /v1.
//
// Invariants:
//
//  1. Each route is in one table ([Routes]) with the right that it needs. What has no route or no right is refused.
//  2. A [Store] behaves like the queue itself: the same results, and errors of the same types with the same texts.
//  3. Nothing that changes authorization, AiR's URL, files or commands of the holder can be set.
//  4. What a client has begun ends with its session: a reading that is cut off is incomplete, and a rerun resumes it.
//  5. Client and server compare versions before anything else, and name the binary to use if they differ.
//  6. A client learns at once that the holder has ended, and no call waits for one that has.
//
// Outside: how the holder is found and who may connect (package socket), and what the calls do (package service).
package api
