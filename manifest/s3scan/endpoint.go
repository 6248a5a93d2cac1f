package s3scan

import (
	"cmp"
	"net"
	"net/url"
	"strings"
)

// ServerURL returns the URL of an S3 server, which is given as a host or as a URL,
// as in AiR's own examples; "" is Wasabi's in that region.
func ServerURL(endpoint, region string) string {
	switch {
	case endpoint == "":
		return "https://s3." + region + ".wasabisys.com"
	case !strings.Contains(endpoint, "://"):
		return "https://" + endpoint
	}
	return endpoint
}

// parse returns the URL of an endpoint, an empty one if it is none.
func parse(endpoint string) *url.URL {
	u, err := url.Parse(ServerURL(endpoint, ""))
	if err != nil {
		return &url.URL{}
	}
	return u
}

// HasPassword reports whether an endpoint holds a user or password, which would be sent to AiR and stored.
func HasPassword(endpoint string) bool {
	return strings.Contains(endpoint, "@") && parse(endpoint).User != nil // few rows have the first
}

// OnAddress reports whether the host of an endpoint is a bare address, which cannot have a bucket's name in front.
func OnAddress(endpoint string) bool {
	host := parse(endpoint).Hostname()
	return net.ParseIP(host) != nil || host == "localhost"
}

// OutsideWasabi reports whether an endpoint is another server than Wasabi's. One on a bare address is a stand-in.
func OutsideWasabi(endpoint string) bool {
	host := strings.ToLower(parse(endpoint).Hostname())
	return host != "" && !OnAddress(endpoint) && host != "wasabisys.com" && !strings.HasSuffix(host, ".wasabisys.com")
}

// Host returns the host of an endpoint, and its port if it gives one, in lower case; "" if there is none.
func Host(endpoint string) string {
	if endpoint = strings.TrimSpace(endpoint); endpoint == "" {
		return ""
	}
	return strings.ToLower(parse(endpoint).Host)
}

// HostPort returns the host of an endpoint with its port, in one form.
func HostPort(endpoint string) string {
	u := parse(endpoint)
	if u.Host == "" {
		return "none"
	}
	port := cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[strings.ToLower(u.Scheme)])
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
