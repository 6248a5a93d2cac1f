// Package tell has the flags for who is told of what happens, and the command that tries whether it arrives.
//
// No message shows a URL or a command line of a target.
//
// Outside: what is told, and how (worker/service/notify).
package tell
