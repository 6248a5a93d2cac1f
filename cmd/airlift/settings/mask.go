package settings

import (
	"net/url"
	"strings"
)

// hidden stands for what may be secret.
const hidden = "REDACTED"

// mask returns a value without what may be secret in it: of a URL the user, password and query, and of that of a webhook,
// whose path is its key, all but the server; of a command that is run with events, which may hold a token, everything.
func mask(name, value string) string {
	if name == "hook" {
		return hidden
	}
	scheme, rest, isURL := strings.Cut(value, "://")
	if !isURL || strings.EqualFold(scheme, "s3") {
		return value
	}
	u, err := url.Parse(value)
	if err != nil {
		return scheme + "://" + hidden
	}
	if name == "notify" && len(strings.Trim(rest[min(len(rest), len(u.Host)):], "/")) > 0 {
		return scheme + "://" + u.Host + "/" + hidden
	}
	if u.User != nil {
		u.User = url.User(hidden)
	}
	if u.RawQuery != "" {
		u.RawQuery = hidden
	}
	if u.Fragment != "" {
		u.Fragment = hidden
	}
	return u.String()
}
