package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"airlift/queue"
	"airlift/worker/service"
)

// ErrVersion: the holder speaks another version of the API. It is a [queue.ErrLocked], since the holder cannot be asked.
var ErrVersion = fmt.Errorf("%w and speaks another version of the API", queue.ErrLocked)

// Client asks the holder of a queue. Make one with [Connect]. The methods are safe for concurrent use.
type Client struct {
	// Info describes the holder.
	Info Info

	http    http.Client
	session string
	// alive ends with the holder or with Close; its cause is service.ErrHolderEnded in the first case.
	alive context.Context
	end   context.CancelCauseFunc
}

// Connect opens a session at the holder that dial connects to. build is the version of this program, for messages.
//
// Errors: [ErrVersion], [service.ErrHolderEnded] if the holder ends or nobody listens, and the cause of ctx's end.
func Connect(ctx context.Context, build string, dial func(context.Context) (net.Conn, error)) (*Client, error) {
	c := &Client{http: http.Client{Transport: &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableCompression: true, MaxIdleConnsPerHost: 8,
	}}}
	c.alive, c.end = context.WithCancelCause(context.Background())
	if err := c.call(ctx, "GET", "/v1/version", nil, nil, &c.Info); err != nil {
		c.Close()
		return nil, err
	}
	if c.Info.API != Version {
		c.Close()
		return nil, fmt.Errorf("%w (%d; this is airlift %s, which speaks %d): process %d is airlift %s; use that binary, %s, or end that process first",
			ErrVersion, c.Info.API, build, Version, c.Info.PID, c.Info.Version, c.Info.Executable)
	}
	if err := c.open(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// open opens the session, and watches its end.
func (c *Client) open(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.end(context.Cause(ctx)) })
	defer stop()
	resp, err := c.send(c.alive, "POST", "/v1/session", nil, struct{}{})
	if err != nil {
		return err
	}
	lines := bufio.NewReader(resp.Body)
	line, err := lines.ReadBytes('\n')
	var first sessionLine
	if err == nil {
		err = json.Unmarshal(line, &first)
	}
	if !stop() {
		resp.Body.Close()
		return context.Cause(ctx)
	}
	if err != nil {
		resp.Body.Close()
		return fmt.Errorf("%w: %w", service.ErrHolderEnded, err)
	}
	c.session = first.Session
	go func() {
		_, _ = io.Copy(io.Discard, lines) // returns when the holder ends the session, or is gone
		c.end(service.ErrHolderEnded)
		resp.Body.Close()
	}()
	return nil
}

// Ended returns a channel that is closed when the holder has ended, or by Close.
func (c *Client) Ended() <-chan struct{} { return c.alive.Done() }

// Close ends the session.
func (c *Client) Close() error {
	c.end(queue.ErrClosed)
	c.http.CloseIdleConnections()
	return nil
}

// send sends a request and returns the answer of a call that succeeded.
func (c *Client) send(ctx context.Context, method, path string, q url.Values, in any) (*http.Response, error) {
	var content io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	target := url.URL{Scheme: "http", Host: "airlift", Path: path, RawQuery: q.Encode()}
	r, err := http.NewRequestWithContext(ctx, method, target.String(), content)
	if err != nil {
		return nil, err
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set(versionHeader, strconv.Itoa(Version))
	r.Header.Set(sessionHeader, c.session)
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.callError(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var e Error
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&e); err != nil || e.Kind == "" {
		return nil, fmt.Errorf("the process that holds the queue answered %s %s with %s", method, path, resp.Status)
	}
	if e.Kind == kindVersion {
		return nil, fmt.Errorf("%w: %s", ErrVersion, e.Text)
	}
	return nil, e.decode()
}

// call makes a call whose body and answer are JSON. It ends with the holder.
func (c *Client) call(ctx context.Context, method, path string, q url.Values, in, out any) error {
	ctx, cancel := c.context(ctx)
	defer cancel()
	resp, err := c.send(ctx, method, path, q, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return c.callError(ctx, err)
	}
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection can be used again
	return nil
}

// context returns a context that ends with ctx or with the holder.
func (c *Client) context(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.alive, func() { cancel(context.Cause(c.alive)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// callError returns why a call had no answer.
func (c *Client) callError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", service.ErrHolderEnded, err)
}

// list makes a call whose answer is JSON lines, and calls each with every line.
func (c *Client) list(ctx context.Context, path string, q url.Values, each func(line []byte) error) error {
	ctx, cancel := c.context(ctx)
	defer cancel()
	resp, err := c.send(ctx, "GET", path, q, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewReaderSize(resp.Body, 256<<10)
	var long []byte
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, line...)
			continue
		}
		if err != nil {
			return c.callError(ctx, err)
		}
		if len(long) > 0 {
			line, long = append(long, line...), nil
		}
		if done, err := lastLine(line); done {
			return err
		}
		if err := each(line); err != nil {
			return err
		}
	}
}

// lastLine reports whether a line of a listing is its last, and the error that it gives.
func lastLine(line []byte) (bool, error) {
	switch {
	case bytes.HasPrefix(line, []byte(`{"end":`)):
		return true, nil
	case bytes.HasPrefix(line, []byte(`{"error":`)):
		var last struct {
			Error Error `json:"error"`
		}
		if err := json.Unmarshal(line, &last); err != nil {
			return true, err
		}
		return true, last.Error.decode()
	}
	return false, nil
}
