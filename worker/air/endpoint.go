package air

import "strings"

// EndpointHost returns the host and port of an S3 endpoint that is given as a host or as
// a URL, in the form of the API's page (s3.us-west-1.wasabisys.com). A user and password
// in a URL are left out: they are not for AiR.
func EndpointHost(endpoint string) string {
	endpoint = strings.TrimSpace(endpoint)
	if _, rest, ok := strings.Cut(endpoint, "://"); ok {
		endpoint = rest
	}
	host, _, _ := strings.Cut(endpoint, "/")
	return host[strings.LastIndexByte(host, '@')+1:]
}
