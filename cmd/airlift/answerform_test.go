package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// before puts a server before the rig's AiR that changes its answers.
func (r *rig) before(change func(*http.Response, []byte) []byte) {
	r.t.Helper()
	r.setenv("AIRLIFT_AIR_URL", startProxy(r.t, r.url, func(*http.Request) {}, func(resp *http.Response) error {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		body = change(resp, body)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		resp.Header.Set("Content-Length", fmt.Sprint(len(body)))
		return nil
	}))
}

// startProxy starts a server that passes all on to another, and returns its URL. seen is called with each request, which it
// may hold up; change, if not nil, may change an answer.
func startProxy(t testing.TB, to string, seen func(*http.Request), change func(*http.Response) error) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host // an S3 request is signed with it
			seen(p.In)
		},
		ModifyResponse: change,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	t.Cleanup(server.Close)
	return server.URL
}

func behindBOM(_ *http.Response, body []byte) []byte { return append([]byte("\xef\xbb\xbf"), body...) }

func packed(resp *http.Response, body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body)
	_ = z.Close()
	resp.Header.Set("Content-Encoding", "gzip")
	return b.Bytes()
}

// Whatever harmless form AiR's JSON has, it is read: jobs, refusals, pages, empty pages.
func TestAnswersInOtherForms(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Response, []byte) []byte{
		"as it is": func(_ *http.Response, body []byte) []byte { return body },
		"BOM":      behindBOM,
		"gzip":     packed,
		"a BOM in gzip": func(resp *http.Response, body []byte) []byte {
			return packed(resp, behindBOM(resp, body))
		},
	} {
		for _, null := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, null %v", name, null), func(t *testing.T) {
				t.Parallel()
				var posts tally
				r := newRig(t, airtest.Config{Settings: airtest.Settings{NullEmptyPage: null}, Script: func(q airtest.Request) airtest.Fault {
					switch {
					case strings.HasSuffix(q.Job.Source.ObjectKey, "00001.mov"):
						return airtest.Fault{Kind: airtest.StatusBefore, Status: 400, Code: "BAD_REQUEST", Message: "no such object"}
					case strings.HasSuffix(q.Job.Source.ObjectKey, "00003.mov") && posts.add() == 1:
						return airtest.Fault{Kind: airtest.ResetBefore} // a lookup proves that there is no job
					}
					return airtest.Fault{}
				}})
				r.before(change)
				r.setenv("AIRLIFT_SETTLE", "100ms")
				r.run("run", r.manifest("m.csv", 5), "--batch", "b", "--workers", "1").want(t, exit.Incomplete).says(t, "no such object")
				if s := r.status(); s.Submitted != 4 || s.Failed != 1 || r.air.Accepted() != 4 || posts.add() != 3 {
					t.Errorf("got %+v, %d jobs; want 4 submitted, 1 failed, 4 jobs, 2 POSTs of the item refused once", s, r.air.Accepted())
				}
			})
		}
	}
}

// A proxy that lets nothing through is named, with its address and without its password; AiR is not blamed.
func TestProxyThatRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ answer, says string }{
		"403":                  {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "refused the connection: 403 Forbidden"},
		"407":                  {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "refused the connection: 407 Proxy Authentication Required"},
		"302":                  {"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n", "refused the connection: 302 Found"},
		"HTML":                 {"<html>please log in</html>\r\n\r\n", "does not answer as an HTTP proxy does"},
		"200, and then no TLS": {"HTTP/1.1 200 OK\r\n\r\n<html>", "proxy "},
		"nothing":              {"", "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					_, _ = c.Read(make([]byte, 4096))
					_, _ = io.WriteString(c, tt.answer)
					c.Close()
				}
			}()
			r := newRig(t, airtest.Config{})
			r.setenv("AIRLIFT_AIR_URL", "https://air.example.test")
			r.setenv("HTTPS_PROXY", "http://jane:hunter2@"+l.Addr().String())
			got := r.run("run", r.manifest("m.csv", 3), "--batch", "b", "--give-up", "1s").want(t, exit.Unexpected).
				says(t, "proxy "+l.Addr().String()+" (HTTPS_PROXY)", tt.says, "no connection to AiR")
			for _, bad := range []string{"hunter2", "jane", "AiR has not answered", "AiR does not answer", "AiR refuses"} {
				if strings.Contains(got.stderr+got.stdout, bad) {
					t.Errorf("the output has %q:\n%s%s", bad, got.stdout, got.stderr)
				}
			}
			if s := r.status(); s.Pending != 3 {
				t.Errorf("got %+v, want 3 pending", s)
			}
		})
	}
}

// A server that sends our secret back as an id, a name or an error, escaped or not: it is nowhere to be found.
func TestEchoedSecretIsNeverStored(t *testing.T) {
	t.Parallel()
	escaped := strings.NewReplacer("/", `\/`, "s", `\u0073`).Replace(testSecretKey)
	for name, change := range map[string]func(*http.Response, []byte) []byte{
		"id":              func(_ *http.Response, b []byte) []byte { return swap(b, `"Id":"`, testSecretKey) },
		"escaped id":      func(_ *http.Response, b []byte) []byte { return swap(b, `"Id":"`, escaped) },
		"escaped name":    func(_ *http.Response, b []byte) []byte { return swap(b, `"Name":"`, escaped) },
		"escaped key":     func(_ *http.Response, b []byte) []byte { return swap(b, `"ObjectKey":"`, escaped) },
		"a foreign body":  func(*http.Response, []byte) []byte { return []byte(`{"echo":"` + escaped + `"}`) },
		"an error object": func(*http.Response, []byte) []byte { return []byte(`{"Error":{"echo":"` + escaped + `"}}`) },
		"HTML": func(*http.Response, []byte) []byte {
			return []byte("<html>" + strings.ReplaceAll(testSecretKey, "/", "&#47;") + "</html>")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.before(change)
			r.setenv("AIRLIFT_LOG_LEVEL", "debug")
			r.setenv("AIRLIFT_SETTLE", "50ms")
			got := r.run("run", r.manifest("m.csv", 4), "--batch", "b", "--max-duration", "1s")
			if got.code == exit.OK {
				t.Errorf("the run ended well:\n%s", got.stderr)
			}
			r.secretless("run", got)
			for _, args := range [][]string{{"items", "b"}, {"report", "b"}, {"status", "b", "--json"}} {
				r.secretless(strings.Join(args, " "), r.run(args...))
			}
		})
	}
}

// A list that shows our secret as a job's id, its key or its name: neither adopt, which stores what is listed, nor
// reconcile --verify, which prints it, nor a lookup lets it through.
func TestListedSecretIsNeverStored(t *testing.T) {
	t.Parallel()
	escaped := strings.NewReplacer("/", `\/`, "A", `\u0041`, "s", `\u0073`).Replace(testSecretKey + testAccessKey)
	for _, member := range []string{"Id", "ObjectKey", "Name", "Status", "Bucket", "UserId"} {
		t.Run(member, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			m := r.manifest("m.csv", 4)
			r.run("run", m, "--batch", "b").want(t, exit.OK)
			r.before(func(q *http.Response, b []byte) []byte {
				if q.Request.Method == http.MethodGet {
					b = swap(b, `"`+member+`":"`, escaped)
				}
				return b
			})
			r.setenv("AIRLIFT_LOG_LEVEL", "debug")
			r.setenv("AIRLIFT_SETTLE", "50ms")
			verify := []string{"reconcile", "b", "--verify", "--give-up", "100ms"}
			r.secretless("verify", r.run(verify...))
			r.secretless("verify --json", r.run(append(verify, "--json")...))
			r.lose()
			r.secretless("adopt", r.run("adopt", "b", m, "--give-up", "100ms"))
			for _, args := range [][]string{{"items", "b"}, {"items", "b", "--json"}, {"report", "b"}, {"report", "b", "--format", "jsonl", "-o", "b.jsonl"}, {"status", "--json"}, {"run", m, "--batch", "b"}} {
				got := r.run(args...)
				r.secretless(strings.Join(args, " "), got)
				if text := got.stdout + got.stderr; strings.Contains(text, escaped[:12]) {
					t.Errorf("%v shows the escaped secret:\n%s", args, text)
				}
			}
		})
	}
}

// swap puts a value in front of what follows each member.
func swap(body []byte, member, value string) []byte {
	return bytes.ReplaceAll(body, []byte(member), []byte(member+value))
}
