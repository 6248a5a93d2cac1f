package airtest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"syscall"
)

// RoundTrip answers a request in process. A broken connection is an error like that
// of a real one; a hang ends with the request's context. The hooks WroteHeaders
// and WroteRequest of net/http/httptrace are called, but for Unsent. The debug
// pages are for ServeHTTP only.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	r := s.serve(ctx, req.Method, req.URL, req.Header, body, func() {
		trace := httptrace.ContextClientTrace(ctx)
		if trace != nil && trace.WroteHeaders != nil {
			trace.WroteHeaders()
		}
		if trace != nil && trace.WroteRequest != nil {
			trace.WroteRequest(httptrace.WroteRequestInfo{})
		}
	})
	switch r.end {
	case endUnsent:
		return nil, broken("dial", "connect", syscall.ECONNREFUSED)
	case endReset:
		return nil, broken("read", "read", syscall.ECONNRESET)
	case endClose:
		return nil, io.EOF
	case endGone:
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, io.EOF // the server was closed
	}
	return r.response(req, s.config.NoDate), nil
}

func (r *reply) response(req *http.Request, noDate bool) *http.Response {
	resp := &http.Response{
		Status: strconv.Itoa(r.status) + " " + http.StatusText(r.status), StatusCode: r.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{}, ContentLength: int64(len(r.body)),
		Body: io.NopCloser(bytes.NewReader(r.body)),
	}
	if r.contentType != "" {
		resp.Header.Set("Content-Type", r.contentType)
	}
	if !noDate {
		resp.Header.Set("Date", r.date.Format(http.TimeFormat))
	}
	for name, value := range r.header {
		resp.Header.Set(name, value)
	}
	if r.end == endHalf {
		half := bytes.NewReader(r.body[:len(r.body)/2])
		resp.Body = io.NopCloser(io.MultiReader(half, cut{}))
	}
	return resp
}

// cut is where a body was broken off.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func broken(op, call string, errno syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(call, errno)}
}
