// Package attempts records when each item was last sent in a run, until AiR's list must show its job.
//
// Outside: what an attempt proves, and which attempts are recorded.
package attempts
