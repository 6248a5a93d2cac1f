// Package sandbox is the command that runs AiR's stand-in on loopback.
//
//  1. It listens on this machine only.
//
// Outside: what the stand-in does (worker/air/airtest).
package sandbox
