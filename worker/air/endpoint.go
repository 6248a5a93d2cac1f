package air

import "strings"

// EndpointHost gives an S3 endpoint in the form of the API's page
// (s3.us-west-1.wasabisys.com): host and port, without scheme, path or slash,
// whatever was typed.
func EndpointHost(endpoint string) string {
	endpoint = strings.TrimSpace(endpoint)
	if _, rest, ok := strings.Cut(endpoint, "://"); ok {
		endpoint = rest
	}
	host, _, _ := strings.Cut(endpoint, "/")
	return host
}
