package joblist

import (
	"errors"
	"fmt"
	"net/http"

	"airlift/worker/air"
	"airlift/worker/stop"
)

// StopOf returns the stop that a failed request for a list causes, or nil. A run stops if waiting cannot help: at a 401, a
// 404 or a redirect. Everything else, including a 403 and a 429, only delays lookups.
func StopOf(err error) *stop.Error {
	var e *air.Error
	var page *refusedPage
	if !errors.As(err, &e) || errors.As(err, &page) || air.IsThrottling(e.Code) {
		return nil
	}
	switch s := e.Status; {
	case s == http.StatusUnauthorized:
		return stop.BadCredentials(err)
	case s == http.StatusNotFound || s >= 300 && s < 400:
		return stop.NotAiR(err)
	}
	return nil
}

// IsThrottled reports whether a request for a list failed because AiR asks for fewer requests.
func IsThrottled(err error) bool {
	var e *air.Error
	var page *refusedPage
	return errors.As(err, &e) && !errors.As(err, &page) && air.IsThrottling(e.Code)
}

// refusedPage is the refusal of a page after the first. It proves neither that the list ends there nor that no AiR
// API answers.
type refusedPage struct {
	number int
	err    error
}

func (e *refusedPage) Error() string {
	return fmt.Sprintf("page %d of AiR's list of jobs is refused: %v", e.number, e.err)
}
func (e *refusedPage) Unwrap() error { return e.err }

// refusesPage reports whether AiR says that there is no page of that number.
func refusesPage(err error) bool {
	var e *air.Error
	if !errors.As(err, &e) || air.IsThrottling(e.Code) {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable, http.StatusUnprocessableEntity:
		return true
	}
	return false
}
