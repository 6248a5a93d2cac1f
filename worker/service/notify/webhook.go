package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"airlift/ratelimit"
)

const (
	// attemptTimeout bounds one request, its answer included.
	attemptTimeout = 10 * time.Second
	// retryFor is how long an event is tried. The next one waits meanwhile.
	retryFor = 5 * time.Minute
	// The waits between attempts grow from retryBase to retryMost.
	retryBase = time.Second
	retryMost = time.Minute
	// maxAnswer is how much of an answer is read, in bytes, so that its connection can end well.
	maxAnswer = 4 << 10
)

// The headers of a notification.
const (
	headerEvent     = "X-Airlift-Event"
	headerDelivery  = "X-Airlift-Delivery"
	headerTimestamp = "X-Airlift-Timestamp"
	headerSignature = "X-Airlift-Signature"
)

// webhook is a URL that gets events by POST.
type webhook struct {
	url    string
	name   string
	secret []byte
	agent  string
	client *http.Client
}

// newWebhook returns the n-th URL.
func newWebhook(raw string, n int, c Config) (*webhook, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "": // the error would quote it
		return nil, fmt.Errorf("--notify %d is not a URL: give one such as https://host/path", n)
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, fmt.Errorf("--notify %d (%s): use https, or http on this machine (localhost, 127.0.0.1)", n, u.Host)
	}
	transport := &http.Transport{Proxy: proxy, DisableKeepAlives: true, TLSHandshakeTimeout: attemptTimeout, ForceAttemptHTTP2: true}
	return &webhook{
		url: raw, name: fmt.Sprintf("%s (--notify %d)", u.Host, n), secret: c.Secret, agent: c.Agent,
		client: &http.Client{Transport: transport, Timeout: attemptTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// proxy is that of the environment. The error of net/http would quote its password.
func proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("HTTPS_PROXY is not a valid URL")
	}
	return u, nil
}

// String names the host alone: the path often is a secret.
func (w *webhook) String() string { return w.name }

// statusError is an answer other than 2xx.
type statusError struct {
	code   int
	status string
}

func (e *statusError) Error() string { return "it answers " + e.status }

// lasting reports whether another attempt would have the same answer.
func (e *statusError) lasting() bool {
	switch e.code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return e.code < 500
}

func (w *webhook) deliver(ctx context.Context, e Event) error {
	began := time.Now()
	for n := 1; ; n++ {
		err := w.try(ctx, e)
		if answer, ok := errors.AsType[*statusError](err); err == nil || ok && answer.lasting() {
			return err
		}
		wait := ratelimit.HalfJitter(n, retryBase, retryMost)
		if time.Since(began)+wait > retryFor {
			return fmt.Errorf("%w, also after %d attempts", err, n)
		}
		if ended := ratelimit.Sleep(ctx, wait); ended != nil {
			return err
		}
	}
}

// try makes one attempt.
func (w *webhook) try(ctx context.Context, e Event) error {
	body, err := encode(e)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return bare(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", w.agent)
	r.Header.Set(headerEvent, string(e.Event))
	r.Header.Set(headerDelivery, e.ID)
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set(headerTimestamp, stamp)
	if len(w.secret) > 0 {
		r.Header.Set(headerSignature, Sign(w.secret, stamp, body))
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return bare(err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // what it says is not used
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return &statusError{answer.StatusCode, strconv.Itoa(answer.StatusCode) + " " + http.StatusText(answer.StatusCode)}
	}
	return nil
}

// encode returns an event as one line of JSON.
func encode(e Event) ([]byte, error) {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	err := to.Encode(e)
	return b.Bytes(), err
}

// bare returns an error of net/http without the URL that it quotes.
func bare(err error) error {
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}

// Sign returns the signature of a body that is sent at an instant, in seconds since 1970.
func Sign(secret []byte, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
