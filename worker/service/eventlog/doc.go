// Package eventlog keeps the latest lines of a process's log, for those who watch the process.
//
// Lines in a row that say the same count as one. Outside: how lines are written (the logger), and how they are shown.
package eventlog
