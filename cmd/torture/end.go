package main

import (
	"fmt"
	"time"
)

// endKind names a way in which a process ends.
type endKind string

const (
	byItself    endKind = "by itself"
	killAfter   endKind = "kill -9 after a time"
	killPost    endKind = "kill -9 at the n-th POST"      // as it has arrived; it is served when the process is dead
	killAccept  endKind = "kill -9 at the n-th job"       // accepted and not answered yet
	killList    endKind = "kill -9 at the n-th list"      // as it is asked for
	killSync    endKind = "kill -9 at the n-th fdatasync" // by strace, which counts by thread
	killWrite   endKind = "kill -9 at the n-th pwrite64"
	terminate   endKind = "SIGTERM"
	interrupt   endKind = "SIGINT"
	hangUp      endKind = "SIGHUP"
	termThenInt endKind = "SIGTERM, then SIGINT" // which exits at once

	replaceQueue endKind = "queue replaced at the n-th job" // accepted and not answered yet
)

var endKinds = []endKind{killAfter, killPost, killAccept, killList, killSync, killWrite, terminate, interrupt, hangUp, termThenInt, replaceQueue, byItself}

// end is how one process of a round ends, unless it comes to its own end first.
type end struct {
	Kind  endKind
	After time.Duration
	N     int
	// Held keeps back the answers of so many jobs before the n-th, so that they are unknown too.
	Held int
	// Then is a command that is run between this process and the next; empty: none.
	Then string
}

func (e end) String() string {
	text := string(e.Kind)
	switch {
	case e.Kind.timed():
		text += fmt.Sprintf(" (%v)", e.After)
	case e.N > 0:
		text += fmt.Sprintf(" (n=%d, held %d)", e.N, e.Held)
	}
	if e.Then != "" {
		text += ", then " + e.Then
	}
	return text
}

// end draws how a process ends.
func (d dice) end(p plan) end {
	e := end{
		Kind: pick(d, killAfter, killAfter, killPost, killPost, killAccept, killAccept, killList,
			killSync, killSync, killWrite, killWrite, terminate, interrupt, hangUp, termThenInt, replaceQueue),
		After: pick(d, d.within(0, p.expected()), d.within(0, p.expected()), d.within(0, time.Millisecond<<d.between(4, 11))),
		Then:  pick(d, "", "", "", "check", "status", "reconcile", "compact"),
	}
	switch e.Kind {
	case killPost, replaceQueue:
		e.N = d.early(p.Objects)
	case killAccept:
		e.N = d.early(p.Objects)
		if d.once(2) {
			e.Held = d.IntN(p.Workers)
		}
	case killList:
		e.N = d.early(12)
	case killSync:
		e.N = d.early(3 + p.syncs())
	case killWrite:
		e.N = d.early(6 + 3*p.syncs())
	}
	return e
}

// timed reports whether a signal is sent after a time.
func (k endKind) timed() bool {
	switch k {
	case killAfter, terminate, interrupt, hangUp, termThenInt:
		return true
	}
	return false
}

// gentle reports whether airlift can answer the signal with an exit code.
func (k endKind) gentle() bool { return k.timed() && k != killAfter }
