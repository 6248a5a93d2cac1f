package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/worker/service"
)

// Version is the version of the API. Client and server of different versions do not talk.
const Version = 1

// versionHeader carries [Version] in requests and answers.
const versionHeader = "Airlift-Api"

const (
	// maxBody bounds the body of a request in bytes.
	maxBody = 1 << 20
	// maxRows bounds one with rows: a chunk of 16,384 rows of 16 KiB.
	maxRows = 256 << 20
	// bodyTimeout is how long a client may take to send it.
	bodyTimeout = 30 * time.Second
)

// Config configures a [Server].
type Config struct {
	Store   queue.Store
	Service *service.Service
	Host    *service.Host
	// Build is the version of airlift, for people.
	Build string
	// Right returns the right of a request; nil: [Feed] for all, as at a socket that checks its peers.
	Right func(r *http.Request) Right
	Log   zerolog.Logger
}

// Server answers the calls of [Routes] for an open queue. Make one with [NewServer].
type Server struct {
	Config
	mux      *http.ServeMux
	sessions sessions
	latest   latest
}

// NewServer returns a server. Close it before the queue.
func NewServer(c Config) *Server {
	s := &Server{Config: c, mux: http.NewServeMux()}
	s.sessions.ended = make(chan struct{})
	for _, route := range Routes() {
		s.mux.HandleFunc(route.Method+" "+route.Path, func(w http.ResponseWriter, r *http.Request) {
			err := s.allowed(route, r)
			if err == nil {
				err = route.serve(s, w, r)
			}
			if route.Right > Read {
				s.latest.forget()
			}
			if err != nil {
				fail(w, err)
			}
		})
	}
	return s
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(versionHeader, strconv.Itoa(Version))
	if theirs := r.Header.Get(versionHeader); theirs != "" && theirs != strconv.Itoa(Version) {
		fail(w, &Error{Kind: kindVersion, Text: s.differs(theirs)})
		return
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		noRoute(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// noRoute refuses a call that is not among the [Routes].
func noRoute(w http.ResponseWriter, r *http.Request) {
	status := http.StatusNotFound
	for _, route := range Routes() {
		if route.Path == r.URL.Path {
			status = http.StatusMethodNotAllowed
			w.Header().Set("Allow", route.Method)
		}
	}
	failWith(w, &Error{Kind: kindUsage, Text: "there is no call " + r.Method + " " + r.URL.Path}, status)
}

// Close ends all sessions, and with them the readings that clients have begun.
func (s *Server) Close() { s.sessions.close() }

// differs says which binary to use instead of one that speaks another version.
func (s *Server) differs(theirs string) string {
	return fmt.Sprintf("the process that holds the queue (%d) is airlift %s, %s, which speaks version %d of the API, and this one speaks %s: use that binary, or end that process first",
		os.Getpid(), s.Build, executable(), Version, theirs)
}

// executable returns the path of this program.
func executable() string {
	path, err := os.Executable()
	if err != nil {
		return "airlift"
	}
	return path
}

// allowed returns an error if the request lacks the right that the route needs, or has another type than JSON.
func (s *Server) allowed(route Route, r *http.Request) error {
	has := Feed
	if s.Right != nil {
		has = s.Right(r)
	}
	if route.Right == 0 || has < route.Right {
		return &Error{Kind: kindRight, Text: "this token does not give the right to " + route.Method + " " + route.Path}
	}
	if r.Method != http.MethodPost {
		return nil
	}
	// A page of another site can send a form, but not this type without asking first.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return usage("the Content-Type must be application/json")
	}
	return nil
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	e, status := encode(err)
	failWith(w, e, status)
}

func failWith(w http.ResponseWriter, e *Error, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e) // an error means that the client has gone
}

// answer answers with a value.
func answer(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // an error means that the client has gone
	return nil
}

// body reads the JSON body of a request, which has no other fields than v and at most so many bytes.
func body(w http.ResponseWriter, r *http.Request, v any, most int64) error {
	limit := http.NewResponseController(w)
	_ = limit.SetReadDeadline(time.Now().Add(bodyTimeout)) // only test recorders have no deadlines
	defer func() { _ = limit.SetReadDeadline(time.Time{}) }()
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, most))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("it has more than one value")
		}
	}
	if err != nil {
		return usage("the body of the request: " + err.Error())
	}
	return nil
}

// call is a route whose body and answer are JSON.
func call[In, Out any](w http.ResponseWriter, r *http.Request, do func(ctx context.Context, in In) (Out, error)) error {
	return callUpTo(maxBody, w, r, do)
}

// callUpTo is a call whose body has at most so many bytes.
func callUpTo[In, Out any](most int64, w http.ResponseWriter, r *http.Request, do func(ctx context.Context, in In) (Out, error)) error {
	var in In
	if err := body(w, r, &in, most); err != nil {
		return err
	}
	out, err := do(r.Context(), in)
	if err != nil {
		return err
	}
	return answer(w, out)
}

// callNoResult is a route whose body is JSON and that only succeeds.
func callNoResult[In any](w http.ResponseWriter, r *http.Request, do func(ctx context.Context, in In) error) error {
	return call(w, r, func(ctx context.Context, in In) (none, error) { return none{}, do(ctx, in) })
}

// none is the answer of a call that only succeeds.
type none struct{}
