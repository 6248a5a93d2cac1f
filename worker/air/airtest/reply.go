package airtest

import (
	"net/http"
	"time"
)

// reply is an answer on its way out, or the want of one.
type reply struct {
	status      int
	contentType string
	body        []byte
	header      map[string]string
	date        time.Time
	end         ending
	injected    bool // a fault made it
	// again, if not 0, is how long after the answer it follows once more, unasked for.
	again time.Duration
	// job is the job that a POST was answered with; nil: none.
	job *uint32
}

// ending says how the exchange ends.
type ending int

const (
	endWhole  ending = iota
	endHalf          // after half of the body
	endClose         // without an answer
	endReset         // the same, with a TCP reset
	endGone          // the client has gone away
	endUnsent        // it never came (RoundTrip)
)

const (
	typeJSON = "application/json"
	typeHTML = "text/html; charset=utf-8"
)

func jsonReply(status int, body []byte) reply {
	return reply{status: status, contentType: typeJSON, body: body}
}

func problem(status int, code, message string) reply {
	b := appendField(nil, `{"Error":`, message)
	b = appendField(b, `,"ErrorCode":`, code)
	return jsonReply(status, append(b, '}'))
}

func badRequest(message string) reply {
	return problem(http.StatusBadRequest, "BAD_REQUEST", message)
}

func internalError() reply {
	return problem(http.StatusInternalServerError, "INTERNAL_ERROR", "An unexpected error occurred while processing the job.")
}

func capExceeded() reply {
	return problem(http.StatusTooManyRequests, "DAILY_CAP_EXCEEDED", "Daily Cap Exceeded")
}

func quotaReached() reply {
	return problem(http.StatusForbidden, "MONTHLY_QUOTA_REACHED", "Monthly quota reached")
}

func throttle400() reply {
	return problem(http.StatusBadRequest, "RequestRateLimitExceeded", "Please reduce your request rate.")
}

func throttle503() reply {
	return problem(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
}

func notAllowed(allow string) reply {
	r := problem(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "method not allowed")
	r.header = map[string]string{"Allow": allow}
	return r
}

func html(status int, title string) reply {
	return reply{status: status, contentType: typeHTML, body: []byte(
		"<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n")}
}
