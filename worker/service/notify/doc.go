// Package notify tells others what happens to a queue: it finds events, and delivers them to URLs and to commands.
//
// Invariants:
//
//  1. Nothing waits for a delivery: [Notifier.Tell] returns at once, and [Notifier.Close] after a bound. What is not delivered
//     by then is dropped, and logged by name.
//  2. One happening is one event, however many workers meet it. An event has the same id in all its deliveries.
//  3. One target that hangs or fails delays no other. Each keeps at most [maxWaiting] events; beyond that the oldest of the same
//     kind is replaced.
//  4. No key, no token and no URL of a target is in an event, a log, an error or the environment of a command.
//  5. No redirect is followed, and no URL without encryption is used except on this machine.
//
// A [Watcher] finds events by comparing overviews, not by observing workers: a queue has one state, whatever led to it.
//
// Outside: what the state of a queue is (worker/service), and why a run ends (worker/stop).
package notify
