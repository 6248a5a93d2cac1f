package web

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"airlift/worker/service/api"
)

const (
	// maxBody bounds the body of a request in bytes.
	maxBody = 1 << 20
	// writeTimeout is how long a client may take for a piece of an answer.
	writeTimeout = 10 * time.Second
	// policy is the Content-Security-Policy. It also forbids to make markup of text in a script.
	policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
		"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// rightHeader tells the page what its token may do.
const rightHeader = "Airlift-Right"

// handler answers all requests to the page.
type handler struct {
	api    *api.Server
	tokens Tokens
	hosts  []string
	mux    *http.ServeMux
	own    *http.CrossOriginProtection
}

// newHandler returns a handler that answers to the given hosts, each with its port.
func newHandler(c Config, tokens Tokens, hosts []string) *handler {
	h := &handler{tokens: tokens, hosts: hosts, mux: http.NewServeMux(), own: http.NewCrossOriginProtection()}
	c.API.Right = tokens.right
	h.api = api.NewServer(c.API)
	for _, r := range h.routes(c) {
		h.mux.Handle(r.method+" "+r.path, h.guard(r))
	}
	return h
}

// guard lets those through who have the right to a route.
func (h *handler) guard(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		has := h.tokens.right(req)
		switch {
		case r.open:
		case has == 0:
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "token", "this needs a token, as a header: Authorization: Bearer TOKEN")
			return
		case r.right != api.Read && r.right != api.Act, has < r.right:
			refuse(w, http.StatusForbidden, "right", "this token does not give the right to "+r.method+" "+r.path)
			return
		}
		if !r.open {
			w.Header().Set(rightHeader, has.String())
		}
		req.Body = http.MaxBytesReader(w, req.Body, maxBody)
		r.handle.ServeHTTP(w, req)
	})
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	if !h.isOurs(r) {
		refuse(w, http.StatusMisdirectedRequest, "host", fmt.Sprintf("no page of airlift is at %q: use http://%s/", r.Host, h.hosts[0]))
		return
	}
	if err := h.own.Check(r); err != nil {
		refuse(w, http.StatusForbidden, "origin", "a page of another site may not ask for this")
		return
	}
	h.mux.ServeHTTP(patient{w, http.NewResponseController(w)}, r)
}

// isOurs reports whether the request names a host that is ours: one of the list, or the address that it came to.
func (h *handler) isOurs(r *http.Request) bool {
	host := strings.ToLower(r.Host)
	if _, _, err := net.SplitHostPort(host); err != nil {
		host += ":80"
	}
	to, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return slices.Contains(h.hosts, host) || ok && host == to.String()
}

// refuse answers with an error in the form of the API.
func refuse(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(&api.Error{Kind: kind, Text: text}) // an error means that the client has gone
}

// patient is an answer of which each piece must be taken within writeTimeout.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements [http.ResponseWriter].
func (p patient) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}

// Unwrap serves [http.ResponseController].
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }
