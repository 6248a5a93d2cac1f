package web

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/worker/service"
	"airlift/worker/service/api"
	"airlift/worker/service/metrics"
)

// rig is a queue with a page.
type rig struct {
	t    *testing.T
	dir  string
	page *Server
	host string
}

// config returns that of a page of a queue of its own.
func config(t *testing.T, dir string, p Place) Config {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, "q.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	host := &service.Host{}
	t.Cleanup(func() {
		host.Wait()
		db.Close()
	})
	if err := db.CreateBatch(t.Context(), queue.Batch{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	s := service.New(service.Config{Store: db, Host: host, Place: "q.db"})
	return Config{
		Place: p, Kept: filepath.Join(dir, "q.db.token"), API: api.Config{Store: db, Service: s, Host: host, Build: "test", Log: zerolog.Nop()},
		Metrics: metrics.New(metrics.Config{Version: "test", Overview: s.Overview, Runs: host.Runs, Log: zerolog.Nop()}),
	}
}

func serve(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	page, err := Listen(config(t, dir, Place{Address: "127.0.0.1:0"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	return &rig{t, dir, page, strings.TrimSuffix(strings.TrimPrefix(page.URL, "http://"), "/")}
}

// ask sends a request with pairs of header names and values, and returns the answer without its body. Host is a header here.
func (r *rig) ask(method, path, token string, headers ...string) *http.Response {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.host+path, strings.NewReader("{}"))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// The paths that need no token.
var openPaths = regexp.MustCompile(`^GET (/\{\$\}|/[a-z]+\.(css|js)|/healthz|/readyz)$`)

// rights are those that each path that is not open must need: as the API's table says, without the calls that read sources.
func rights() map[string]api.Right {
	want := map[string]api.Right{"GET /metrics": api.Read}
	for _, r := range api.Routes() {
		if r.Right != api.Feed {
			want[r.Method+" "+r.Path] = r.Right
		}
	}
	return want
}

// gets reports whether a caller with a right must get this status at a path.
func gets(r route, has api.Right, code int) bool {
	switch refused := code == http.StatusUnauthorized || code == http.StatusForbidden; {
	case r.open:
		return code == http.StatusOK || r.path == "/readyz" && code == http.StatusServiceUnavailable
	case has == 0:
		return code == http.StatusUnauthorized
	case has < r.right:
		return code == http.StatusForbidden
	default:
		return !refused && code != http.StatusMethodNotAllowed && code != http.StatusMisdirectedRequest
	}
}

// Each path that is served is in the table with its right, and every kind of caller gets what the table says.
func TestEachPathNeedsItsRight(t *testing.T) {
	r := serve(t)
	c := config(t, t.TempDir(), Place{})
	want := rights()
	for _, route := range newHandler(c, r.page.Tokens, nil).routes(c) {
		name := route.method + " " + route.path
		if route.open != openPaths.MatchString(name) || route.right != want[name] || !route.open && route.right == 0 {
			t.Errorf("%s: open %v, right %v, want %v", name, route.open, route.right, want[name])
		}
		delete(want, name)
		path := strings.TrimSuffix(route.path, "{$}")
		for token, has := range map[string]api.Right{"": 0, "wrong": 0, r.page.Tokens.Read: api.Read, r.page.Tokens.Act: api.Act} {
			if got := r.ask(route.method, path, token).StatusCode; !gets(route, has, got) {
				t.Errorf("%s with the right %v: got status %d", name, has, got)
			}
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			if got := r.ask(method, path, r.page.Tokens.Act).StatusCode; method != route.method && got != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: got status %d", method, path, got)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not served: %v", want)
	}
}

// What is not in the table is not there, and neither are the calls that read sources.
func TestOtherPathsAreNotThere(t *testing.T) {
	r := serve(t)
	paths := []string{"/x", "/v1", "/v1/", "/static/", "/page.css/", "/debug/pprof/", "/index.html"}
	for _, route := range api.Routes() {
		if route.Right == api.Feed {
			paths = append(paths, route.Path)
		}
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST"} {
			if got := r.ask(method, path, r.page.Tokens.Act).StatusCode; got != http.StatusNotFound {
				t.Errorf("%s %s: got status %d", method, path, got)
			}
		}
	}
}

// A route without a right and without the mark of an open one is refused to everybody.
func TestAPathWithoutARightIsRefused(t *testing.T) {
	h := &handler{tokens: Tokens{Read: strings.Repeat("r", minToken), Act: strings.Repeat("a", minToken)}}
	for _, right := range []api.Right{0, api.Feed} {
		guarded := h.guard(route{"GET", "/new", right, false, http.NotFoundHandler()})
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "/new", nil)
		req.Header.Set("Authorization", "Bearer "+h.tokens.Act)
		w := &status{header: http.Header{}}
		guarded.ServeHTTP(w, req)
		if w.code != http.StatusForbidden {
			t.Errorf("the right %v: got status %d", right, w.code)
		}
	}
}

// status is the status of an answer.
type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header         { return s.header }
func (s *status) Write(b []byte) (int, error) { return len(b), nil }
func (s *status) WriteHeader(code int)        { s.code = code }

// A name that another site made point here, and pages of other sites, get nothing.
func TestOtherHostsAndSitesGetNothing(t *testing.T) {
	r := serve(t)
	_, port, _ := net.SplitHostPort(r.host)
	act := r.page.Tokens.Act
	for host, want := range map[string]int{
		"127.0.0.1:" + port: 200, "localhost:" + port: 200, "LOCALHOST:" + port: 200, "[::1]:" + port: 200,
		"evil.example:" + port: 421, "evil.example": 421, "127.0.0.1": 421, "localhost": 421, "127.0.0.1:1": 421, "127.0.0.1.evil.example:" + port: 421,
		"localhost.:" + port: 421, "0.0.0.0:" + port: 421, "2130706433:" + port: 421,
	} {
		for _, path := range []string{"/", "/v1/overview", "/healthz", "/metrics"} {
			got := r.ask("GET", path, act, "Host", host)
			if got.StatusCode != want {
				t.Errorf("GET %s of the host %s: got status %d, want %d", path, host, got.StatusCode, want)
			}
		}
	}
	for name, headers := range map[string][]string{
		"a foreign origin": {"Origin", "http://evil.example"}, "another port": {"Origin", "http://127.0.0.1:1"}, "no origin": {"Origin", "null"},
		"another site": {"Sec-Fetch-Site", "cross-site"}, "the same site": {"Sec-Fetch-Site", "same-site"},
	} {
		if got := r.ask("POST", "/v1/resume", act, headers...); got.StatusCode != http.StatusForbidden {
			t.Errorf("POST from %s: got status %d", name, got.StatusCode)
		}
		for header := range r.ask("GET", "/v1/overview", act, headers...).Header {
			if strings.HasPrefix(header, "Access-Control-") {
				t.Errorf("%s is allowed by %s", name, header)
			}
		}
	}
	if got := r.ask("POST", "/v1/resume", act, "Origin", "http://"+r.host, "Sec-Fetch-Site", "same-origin"); got.StatusCode != 200 {
		t.Errorf("POST of the page: got status %d", got.StatusCode)
	}
}

// Every answer, refusals too, forbids what the page does not need; and the page keeps to that.
func TestThePolicyOfThePage(t *testing.T) {
	r := serve(t)
	for _, path := range []string{"/", "/page.js", "/page.css", "/v1/overview", "/nothing", "/metrics"} {
		header := r.ask("GET", path, "").Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'",
		} {
			if got := header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s of %s: got %q, want %q", name, path, got, want)
			}
		}
		if p := header.Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'none'") || strings.Contains(p, "unsafe") {
			t.Errorf("the policy of %s is %s", path, p)
		}
	}
	page, err := static.ReadFile("static/index.html")
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	if m := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script(>| [^>]*>[^<])|(src|href)="(https?:)?//`).FindString(string(page)); m != "" {
		t.Errorf("the page has %q", m)
	}
	all, _ := static.ReadDir("static")
	for _, f := range all {
		content, _ := static.ReadFile("static/" + f.Name())
		size += len(content)
		content = bytes.ReplaceAll(content, []byte("http://www.w3.org/2000/svg"), nil) // a name, and no address
		if m := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|https?://[a-z]|@import|url\(`).Find(content); m != nil {
			t.Errorf("%s has %q", f.Name(), m)
		}
	}
	if size > 150_000 {
		t.Errorf("the page has %d bytes, at most 150,000", size)
	}
}

// New tokens are 256 random bits in files of the user alone, which go with the page; another process's stay.
func TestNewTokens(t *testing.T) {
	r := serve(t)
	for kind, token := range map[string]string{"read": r.page.Tokens.Read, "act": r.page.Tokens.Act} {
		path := filepath.Join(r.dir, "q.db.token."+kind)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if kept, _ := os.ReadFile(path); string(kept) != token || len(token) != 43 || info.Mode() != 0o600 {
			t.Errorf("%s is %q with mode %v, want %q", path, kept, info.Mode(), token)
		}
	}
	if r.page.Tokens.Read == r.page.Tokens.Act || r.page.Link("a+b") != r.page.URL+"#token=a%2Bb" {
		t.Errorf("got %+v", r.page)
	}
	other := filepath.Join(r.dir, "q.db.token.act")
	if err := os.WriteFile(other, []byte("of another process"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.page.Close()
	left, _ := filepath.Glob(filepath.Join(r.dir, "*token*"))
	if len(left) != 1 || left[0] != other {
		t.Errorf("left: %v", left)
	}
	if _, err := net.Dial("tcp", r.host); err == nil {
		t.Error("the page is still served")
	}
}

func TestTokensOfAFile(t *testing.T) {
	read, act := strings.Repeat("r", 32), strings.Repeat("a", 32)
	path := filepath.Join(t.TempDir(), "tokens")
	for content, wrong := range map[string]string{
		"read " + read + "\nact " + act + "\n": "", "act " + act + "\r\nread " + read: "", "read " + read: "",
		"": "line 1", "act " + act: "needs a token to read", "read " + read + "\nact " + read: "another one", "read short": "fewer than 32",
		"read " + read + "\nread " + act: "line 2", "write " + read: "line 1", read: "line 1",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readTokens(path)
		if wrong == "" && (err != nil || got.Read != read || got.Act != "" && got.Act != act) || wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)) {
			t.Errorf("%q: got %+v, %v, want %q", content, got, err, wrong)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := readTokens(path); runtime.GOOS != "windows" && (err == nil || !strings.Contains(err.Error(), "other users")) {
		t.Errorf("a file that others can read: got %v", err)
	}
	// Without a token to act nobody acts, whatever the header is.
	for _, header := range []string{"", "Bearer", "Bearer ", "bearer " + read, read, "Basic " + read} {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
		req.Header.Set("Authorization", header)
		if got := (Tokens{Read: read}).right(req); got != 0 {
			t.Errorf("%q gives the right %v", header, got)
		}
	}
}

// Only addresses of this machine are taken, unless the user asks for others.
func TestWhereThePageListens(t *testing.T) {
	for address, refused := range map[string]string{
		"127.0.0.1:1": "", "localhost:1": "", "[::1]:1": "", "127.9.9.9:1": "", "": "",
		"0.0.0.0:1": "--listen-anywhere", ":1": "--listen-anywhere", "[::]:1": "--listen-anywhere", "10.0.0.1:1": "--listen-anywhere", "example.com:1": "--listen-anywhere",
		"127.0.0.1": "want a host and a port", "127.0.0.1:": "want a host and a port", "8321": "want a host and a port",
	} {
		err := Place{Address: address}.Check()
		if refused == "" && err != nil || refused != "" && (err == nil || !strings.Contains(err.Error(), refused)) {
			t.Errorf("%q: got %v, want %q", address, err, refused)
		}
		if anywhere := (Place{Address: address, Anywhere: true}).Check(); refused == "--listen-anywhere" && anywhere != nil {
			t.Errorf("%q anywhere: got %v", address, anywhere)
		}
	}
	if _, err := Listen(config(t, t.TempDir(), Place{Address: "0.0.0.0:0"})); err == nil {
		t.Error("0.0.0.0 is taken")
	}
	dir := t.TempDir()
	page, err := Listen(config(t, dir, Place{Address: "0.0.0.0:0", Anywhere: true}))
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	r := &rig{t, dir, page, strings.TrimSuffix(strings.TrimPrefix(page.URL, "http://"), "/")}
	if a, b := r.ask("GET", "/", "").StatusCode, r.ask("GET", "/", "", "Host", "evil.example").StatusCode; a != 200 || b != 421 {
		t.Errorf("anywhere: got %d for the address and %d for another name", a, b)
	}
}

// The stream shows the overview at once and again, and ends with the page.
func TestTheStreamOfEvents(t *testing.T) {
	r := serve(t)
	req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+r.host+"/v1/events", nil)
	req.Header.Set("Authorization", "Bearer "+r.page.Tokens.Read)
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(err, resp)
	}
	defer resp.Body.Close()
	one := regexp.MustCompile(`event: overview\ndata: \{"schema":1,.*"batch":"b".*\}\n\n`)
	var got []byte
	for piece := make([]byte, 4096); len(one.FindAll(got, -1)) < 2; {
		n, err := resp.Body.Read(piece)
		if got = append(got, piece[:n]...); err != nil {
			t.Fatalf("%v after %s", err, got)
		}
	}
	began := time.Now()
	r.page.Close()
	if _, err := io.ReadAll(resp.Body); err != nil || time.Since(began) > endTimeout {
		t.Errorf("at the end of the page the stream ends with %v after %v", err, time.Since(began))
	}
}
