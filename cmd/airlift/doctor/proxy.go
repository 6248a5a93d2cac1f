package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"airlift/manifest/s3scan"
)

// dialTimeout bounds a connection to a proxy.
const dialTimeout = 5 * time.Second

// proxy tells which proxy requests take, and whether it answers.
func (e *exam) proxy(ctx context.Context) Finding {
	if name := e.badProxy(); name != "" { // its value may hold a password
		return notOK("write http://HOST:PORT into it, or take it away", "%s is not a valid URL and does nothing: requests go directly", name)
	}
	routes := []route{{"AiR", e.AirURL, nil}}
	if e.SourceRegion != "" || e.SourceEndpoint != "" {
		routes = append(routes, route{"S3", s3scan.ServerURL(e.SourceEndpoint, e.SourceRegion), nil})
	}
	var proxies []*url.URL
	for i := range routes {
		r := &routes[i]
		u, err := url.Parse(r.to)
		if err != nil || u.Host == "" || u.Scheme == "http" && r.what == "AiR" { // which goes to loopback, whatever the proxy
			continue
		}
		r.through, _ = http.ProxyFromEnvironment(&http.Request{URL: u}) // it ignores what is no URL
		if r.through != nil && !slices.ContainsFunc(proxies, func(p *url.URL) bool { return *p == *r.through }) {
			proxies = append(proxies, r.through)
		}
	}
	for _, p := range proxies {
		if err := dial(ctx, p); err != nil {
			return notOK("check HTTPS_PROXY, and name hosts that need no proxy in NO_PROXY", "the proxy %s does not answer: %v", proxyAddress(p), err)
		}
	}
	return ok("%s", routesText(routes, e.proxySet()))
}

// route is how requests go to a server.
type route struct {
	what, to string
	through  *url.URL // nil: directly
}

// proxyVariables are those that net/http reads.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}

// proxySet reports whether the environment names a proxy.
func (e *exam) proxySet() bool {
	return slices.ContainsFunc(proxyVariables, func(name string) bool {
		value, _ := e.Env.Lookup(name)
		return value != ""
	})
}

// badProxy returns the variable that is meant for a proxy and is no URL; "" if none is.
func (e *exam) badProxy() string {
	for _, name := range proxyVariables {
		value, _ := e.Env.Lookup(name)
		if value != "" && !strings.Contains(value, "://") {
			value = "http://" + value // as net/http reads it
		}
		if u, err := url.Parse(value); value != "" && (err != nil || u.Hostname() == "") {
			return name
		}
	}
	return ""
}

// routesText says which way the requests go.
func routesText(routes []route, set bool) string {
	if !set {
		return "none is set: requests go directly"
	}
	var all []string
	for _, r := range routes {
		how := "directly (loopback, or NO_PROXY)"
		if r.through != nil {
			how = "through " + proxyAddress(r.through)
		}
		all = append(all, fmt.Sprintf("%s %s", r.what, how))
	}
	return strings.Join(all, ", ")
}

// proxyAddress returns host and port of a proxy, without its user and password.
func proxyAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// dial connects to a proxy.
func dial(ctx context.Context, u *url.URL) error {
	c, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", proxyAddress(u))
	if op, is := errors.AsType[*net.OpError](err); is {
		return op.Err
	}
	if err != nil {
		return err
	}
	return c.Close()
}
