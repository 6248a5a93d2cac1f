package air

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Error is a GET /jobs without a usable answer. Find it with errors.As;
// context and network errors are found through it with errors.Is.
type Error struct {
	Status        int       // 0: no status line came
	Code, Message string    // ErrorCode and Error of the answer, bounded, printable
	Date          time.Time // of the answer, zero if absent or invalid
	Excerpt       string    // the beginning of a body that is not AiR's JSON or not of the expected form; see Outcome
	Proxy         string    // as in Outcome
	Written       bool      // false only if it is proven that no request left
	Err           error     // trouble in sending, reading or decoding, or nil

	location string // of a redirect
}

// Error names the request, what came back, and what to do where that is known.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("GET /jobs: ")
	if e.Status != 0 {
		fmt.Fprintf(&b, "status %d", e.Status)
		for _, s := range []string{e.Code, e.Message} {
			if s != "" {
				b.WriteString(" " + s)
			}
		}
		if e.Err != nil {
			b.WriteString(": ")
		}
	}
	if e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	if h := e.hint(); h != "" {
		b.WriteString(" (" + h + ")")
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) hint() string {
	switch {
	case e.Status >= 200 && e.Status < 300:
		return "is the base URL that of an AiR API?"
	case e.Status >= 300 && e.Status < 400:
		if u, err := url.Parse(e.location); err == nil && u.Host != "" {
			return "redirects are not followed; is " + u.Scheme + "://" + u.Host + " the right base URL?"
		}
		return "redirects are not followed; check the base URL"
	case e.Status == 401:
		return "check the access key and the secret key"
	case e.Status == 404:
		return "no such job, or the base URL is wrong"
	case e.Status == 0 && !e.Written:
		return "nothing was sent"
	}
	return ""
}
