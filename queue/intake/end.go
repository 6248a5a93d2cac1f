package intake

import (
	"errors"

	"airlift/manifest/entry"
)

// End says what went wrong with the sources of a reading so far.
type End struct {
	// Broken is the error of the first source that broke off, nil if none did. It was logged.
	Broken error
	// Unread says that nothing of some source could be read, or that the reading failed for a reason other than a
	// source's.
	Unread bool
	// Empty are the warnings about empty sources and filters that leave nothing. They were logged.
	Empty []string
}

// End returns what went wrong with the sources so far. It is safe for concurrent use. A nil reading has no sources.
func (r *Reading) End() End {
	if r == nil {
		return End{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}

// BrokenText returns the message at the end of a command that a source broke off. The error itself was logged.
func BrokenText(err error) string {
	name := "a source"
	if b, is := errors.AsType[*entry.BrokenError](err); is {
		name = b.Source
		if b.Unread {
			return "nothing of " + name + " could be read, as said above; correct that, then run again"
		}
	}
	return name + " was not read to its end, as said above: run the same command again once it is mended"
}

// Unmatched returns a message for each pattern of the filters that matched nothing, if all sources were read.
func (r *Reading) Unmatched() []string {
	if r == nil || !r.whole {
		return nil
	}
	return r.Filter.Unmatched()
}

// breaks records that a source broke off; the others are still read.
func (r *Reading) breaks(err error) {
	r.doubtCursor(err)
	r.brokeOff(r.hidden(err))
}

// brokeOff records and logs the error of a source or of preflight.
func (r *Reading) brokeOff(err error) {
	var b *entry.BrokenError
	r.mu.Lock()
	if r.end.Broken == nil {
		r.end.Broken = err
	}
	r.end.Unread = r.end.Unread || !errors.As(err, &b) || b.Unread
	r.mu.Unlock()
	r.log.Error().Msg(err.Error()) // as the message: quotes would be escaped in a field
}
