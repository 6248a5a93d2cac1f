package main

import (
	"errors"

	"airlift/manifest"
)

// shut closes the source that is open, if one is.
func (r *reading) shut() {
	if r.current == nil {
		return
	}
	if err := r.current.Close(); err != nil {
		r.log.Debug().Err(err).Msg("close a source")
	}
	r.current = nil
}

// breaks notes that a source broke off; the others are still read.
func (r *reading) breaks(err error) {
	r.doubtCursor(err)
	r.brokeOff(r.hidden(err))
}

// brokeOff notes that something broke off, and why.
func (r *reading) brokeOff(err error) {
	code := exitUnexpected
	var b *manifest.BrokenError
	if errors.As(err, &b) {
		code = brokenCode(b)
	}
	r.mu.Lock()
	if r.broken == nil {
		r.broken = err
	}
	r.worst = worse(r.worst, code)
	r.mu.Unlock()
	r.log.Error().Msg(err.Error()) // as the message, for its quotes would be escaped in a field
}

// brokenSource is the last word of a command, one of whose sources broke off: the error itself was logged.
func brokenSource(err error) string {
	name := "a source"
	var b *manifest.BrokenError
	if errors.As(err, &b) {
		name = b.Source
		if b.Unread {
			return "nothing of " + name + " could be read, as said above; correct that, then run again"
		}
	}
	return name + " was not read to its end, as said above: run the same command again once it is mended"
}

// exitStatus returns the exit code of all sources that broke off so far, and the first of them.
func (r *reading) exitStatus() (worst int, broken error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.worst, r.broken
}

// brokenCode is the exit code for a source that broke off.
func brokenCode(b *manifest.BrokenError) int {
	if b.Unread {
		return exitUnexpected
	}
	return exitIncomplete
}
