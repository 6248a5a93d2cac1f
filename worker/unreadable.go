package worker

import (
	"errors"
	"fmt"
	"sync"

	"airlift/worker/air"
)

// warnUnreadable is after how many answers that are no list of jobs the run says so.
const warnUnreadable = 3

// unreadable counts the list answers in a row that were no lists.
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
	warn := u.streak >= warnUnreadable && !u.warned
	u.warned = u.warned || warn
	return warn
}

// warnUnreadable says what came instead of a list.
func (p *Pool) warnUnreadable(err error) {
	var e *air.Error
	errors.As(err, &e)
	came := "an empty body"
	if e.Excerpt != "" {
		came = fmt.Sprintf("%q", e.Excerpt)
	}
	p.Log.Warn().Err(err).Msg(fmt.Sprintf("AiR's list of jobs has had a form that airlift cannot read %d times in a row, the last: %s. "+
		"As long as that lasts, items in doubt cannot be settled, and none of them is sent again", warnUnreadable, came))
}
