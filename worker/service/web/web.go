package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"airlift/worker/service/api"
	"airlift/worker/service/metrics"
)

const (
	// headerTimeout is how long a client may take to send the header of a request, and maxHeader how many bytes it has.
	headerTimeout = 10 * time.Second
	maxHeader     = 16 << 10
	// idleTimeout is how long a connection without a request is kept.
	idleTimeout = 2 * time.Minute
	// endTimeout is how long Close waits for answers that are under way.
	endTimeout = 2 * time.Second
)

// Place says where the page listens, and who may use it.
type Place struct {
	// Address is a host and a port; empty: there is no page.
	Address string
	// Anywhere allows addresses that other machines reach.
	Anywhere bool
	// TokenFile has the tokens; empty: new ones are made.
	TokenFile string
}

// Check refuses an address that others reach, unless that is allowed.
func (p Place) Check() error {
	if p.Address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(p.Address)
	if err == nil && port == "" {
		err = errors.New("it has no port")
	}
	if err != nil {
		return fmt.Errorf("want a host and a port, such as 127.0.0.1:8321: %w", err)
	}
	ip, err := netip.ParseAddr(host)
	if !p.Anywhere && host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return errors.New("other machines reach this address, and what it says is not encrypted: use 127.0.0.1 and an ssh tunnel, or --listen-anywhere")
	}
	return nil
}

// Config configures a [Server].
type Config struct {
	Place
	// Kept is how the paths of the files begin that keep new tokens.
	Kept string
	// API says what the calls work on. Its Right is set here.
	API     api.Config
	Metrics *metrics.Metrics
}

// Server serves the page. Make one with [Listen].
type Server struct {
	// URL is that of the page, without a token.
	URL string
	// Tokens are those that were made; none if they come from a file.
	Tokens  Tokens
	close   func()
	closing sync.Once
}

// Listen serves the page until Close.
func Listen(c Config) (*Server, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	var tokens Tokens
	var err error
	if c.TokenFile != "" {
		if tokens, err = readTokens(c.TokenFile); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", c.Address)
	if err != nil {
		return nil, err
	}
	at := l.Addr().(*net.TCPAddr)
	if !c.Anywhere && !at.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%s is %v, which other machines reach", c.Address, at), l.Close())
	}
	hosts := ourHosts(c.Address, at)
	s := &Server{URL: "http://" + hosts[0] + "/"}
	if c.TokenFile == "" {
		tokens = Tokens{newToken(), newToken()}
		if err := tokens.keep(c.Kept); err != nil {
			return nil, errors.Join(err, l.Close())
		}
		s.Tokens = tokens
	}
	h := newHandler(c, tokens, hosts)
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0),
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) }) // returns when the server is closed
	s.close = func() {
		if c.TokenFile == "" {
			tokens.forget(c.Kept)
		}
		h.api.Close()
		ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		serving.Wait()
	}
	return s, nil
}

// Close ends the serving. It may be called again.
func (s *Server) Close() { s.closing.Do(s.close) }

// Link returns the URL of the page with a token. A browser sends no fragment to anyone.
func (s *Server) Link(token string) string { return s.URL + "#token=" + url.QueryEscape(token) }

// ourHosts returns the hosts that the page answers to; first the one to show.
func ourHosts(address string, at *net.TCPAddr) []string {
	port := fmt.Sprint(at.Port)
	hosts := []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port), net.JoinHostPort("localhost", port)}
	host, _, _ := net.SplitHostPort(address)
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return hosts
	}
	return append([]string{net.JoinHostPort(strings.ToLower(host), port)}, hosts...)
}
