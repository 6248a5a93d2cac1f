package intake

import (
	"net"
	"net/url"
	"strings"
)

// ServerURL returns the URL of an S3 server; AiR's own examples write an endpoint without the scheme.
func ServerURL(endpoint, region string) string {
	switch {
	case endpoint == "":
		return "https://s3." + region + ".wasabisys.com"
	case !strings.Contains(endpoint, "://"):
		return "https://" + endpoint
	}
	return endpoint
}

// HasPassword reports whether an endpoint holds a user or password, which would be sent to AiR and stored.
func HasPassword(endpoint string) bool {
	if !strings.Contains(endpoint, "@") { // as in every row of most manifests
		return false
	}
	u, err := url.Parse(ServerURL(endpoint, ""))
	return err == nil && u.User != nil
}

// OnAddress reports whether the host of a URL is a bare address, which cannot have a bucket's name in front.
func OnAddress(server string) bool {
	u, err := url.Parse(server)
	return err == nil && (net.ParseIP(u.Hostname()) != nil || u.Hostname() == "localhost")
}

// outsideWasabi reports whether an endpoint is another server than Wasabi's. One on this machine is a stand-in.
func outsideWasabi(endpoint string) bool {
	server := ServerURL(endpoint, "")
	u, err := url.Parse(server)
	if err != nil || OnAddress(server) {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host != "wasabisys.com" && !strings.HasSuffix(host, ".wasabisys.com")
}

// hostOf returns a URL's host with its port, in one form.
func hostOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return "none"
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[strings.ToLower(u.Scheme)]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
