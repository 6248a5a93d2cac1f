package air

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config says where AiR is and how to speak to it.
type Config struct {
	// BaseURL is the customer's own AiR address; required, for there is no public
	// one. Either https, or http on loopback (localhost, 127.0.0.0/8, ::1). No
	// user information, query or fragment. "https://h/x" and "https://h/x/"
	// both lead to https://h/x/jobs.
	BaseURL string
	// Credentials are sent with every request; required.
	Credentials Credentials
	// Timeout bounds one whole request, from waiting for a connection to the last
	// byte of the answer. 0: 30 s.
	Timeout time.Duration
	// Connections is how many connections are used, and kept when idle: as many
	// as there are workers. 0: 8.
	Connections int
	// Transport sends the requests; nil: one of our own, HTTP/1.1 only. Tests pass a
	// fake, which must call the WroteHeaders hook of net/http/httptrace when it takes a
	// request: an error without that call counts as proof that nothing was sent.
	Transport http.RoundTripper
	// UserAgent is sent as such. Empty: "airlift".
	UserAgent string
}

// DefaultTimeout is that of Config.
const DefaultTimeout = 30 * time.Second

// withDefaults returns c with its zero fields filled, or an error that names the
// setting at fault.
func (c Config) withDefaults() (Config, error) {
	base, err := parseBaseURL(c.BaseURL)
	if err != nil {
		return c, err
	}
	c.BaseURL = base
	if err := c.Credentials.check(); err != nil {
		return c, err
	}
	if c.Timeout < 0 {
		return c, fmt.Errorf("timeout %v is negative", c.Timeout)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Connections < 0 {
		return c, fmt.Errorf("connections %d is negative", c.Connections)
	}
	if c.Connections == 0 {
		c.Connections = 8
	}
	if c.UserAgent == "" {
		c.UserAgent = "airlift"
	}
	if strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return c, errors.New("user agent has a character that cannot be sent")
	}
	return c, nil
}

// parseBaseURL returns the URL without slashes at its end. Its errors do not quote
// the URL where that may hold a password.
func parseBaseURL(raw string) (string, error) {
	if raw == "" {
		return "", errors.New("AiR base URL is not set")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New("AiR base URL cannot be parsed")
	}
	switch {
	case u.User != nil:
		return "", errors.New("AiR base URL must not hold a user or password: set the keys by environment or profile")
	case u.RawQuery != "" || u.ForceQuery:
		return "", errors.New("AiR base URL must not have a query")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return "", errors.New("AiR base URL must not have a fragment")
	case u.Opaque != "" || u.Hostname() == "":
		return "", errors.New("AiR base URL names no host: expected https://HOST/PATH")
	case u.Scheme == "https":
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return "", errors.New("AiR base URL must be https (the secret key travels in a header; http is for loopback only)")
	default:
		return "", fmt.Errorf("AiR base URL has scheme %q: expected https", u.Scheme)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// isLoopback reports whether host, a name or an IP address, is this machine.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
