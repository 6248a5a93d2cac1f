package setup

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// reachTimeout bounds the request that looks for AiR.
const reachTimeout = 10 * time.Second

// reach looks whether an AiR answers at a URL, by a request without keys: a mistyped host must not get them.
func (s *session) reach(ctx context.Context, base string) objection {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+"/jobs?pageNumber=1&pageSize=1", nil)
	if err != nil {
		return refuse("it is no URL: write https://HOST")
	}
	q.Header.Set("User-Agent", "airlift/"+s.Build)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	answer, err := client.Do(q)
	if failed, is := errors.AsType[*url.Error](err); is {
		err = failed.Err
	}
	if err != nil {
		return doubt("nothing answers there (%v): check the host, the network and HTTPS_PROXY", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized && answer.StatusCode != http.StatusForbidden {
		return doubt("what answers there may be no AiR: it has HTTP status %d for a request without keys, where AiR has 401; check the host and path", answer.StatusCode)
	}
	return objection{}
}
