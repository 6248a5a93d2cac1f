package worker

import (
	"errors"
	"fmt"
	"sync"

	"airlift/worker/air"
)

// maxUnreadable is how many unreadable lists in a row are reported, once a run.
const maxUnreadable = 3

// unreadable counts the answers in a row that should have been lists of jobs and could not be read.
type unreadable struct {
	mu     sync.Mutex
	streak int  // guarded by mu
	warned bool // guarded by mu
}

// observe takes the result of a list request and reports whether it is time to warn: once in a run.
func (u *unreadable) observe(err error) bool {
	var e *air.Error
	answered := err == nil || errors.As(err, &e) && e.Status != 0
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case !answered || e != nil && (e.Status < 200 || e.Status >= 300):
		return false // says nothing of what a list looks like
	case err == nil:
		u.streak = 0
		return false
	}
	u.streak++
	warn := u.streak >= maxUnreadable && !u.warned
	u.warned = u.warned || warn
	return warn
}

// warnUnreadable logs how the answer begins that came instead of a list.
func (p *Pool) warnUnreadable(err error) {
	var e *air.Error
	errors.As(err, &e)
	came := "is empty"
	if e.Excerpt != "" {
		came = fmt.Sprintf("begins with %q", e.Excerpt)
	}
	p.Log.Warn().Err(err).Msg(fmt.Sprintf("AiR's list of jobs could not be read %d times in a row; the last answer %s. "+
		"Items in doubt stay in doubt until a list can be read: check --air-url and any proxy in between", maxUnreadable, came))
}
