package air_test

import (
	"testing"

	"airlift/worker/air"
)

// AiR is told the host of an endpoint, whatever was typed, and never a password.
func TestEndpointHost(t *testing.T) {
	for typed, want := range map[string]string{
		"":                           "",
		"s3.us-west-1.wasabisys.com": "s3.us-west-1.wasabisys.com",
		" https://s3.example.com/ ":  "s3.example.com",
		"http://127.0.0.1:9000/a/b":  "127.0.0.1:9000",
		"https://jane:hunter2@s3.example.com:8443": "s3.example.com:8443",
		"https://jane:hunt@er2@s3.example.com/a@b": "s3.example.com",
		"jane:hunter2@s3.example.com":              "s3.example.com",
		"https://[2001:db8::1]:9000":               "[2001:db8::1]:9000",
	} {
		if got := air.EndpointHost(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}
