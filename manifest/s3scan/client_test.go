package s3scan

import (
	"net/http"
	"testing"
)

func TestClientFollowsNoRedirect(t *testing.T) {
	if c := newHTTPClient(); c.CheckRedirect(&http.Request{}, nil) != http.ErrUseLastResponse { //nolint:errorlint // a sentinel by contract
		t.Error("the client follows redirects")
	}
}
