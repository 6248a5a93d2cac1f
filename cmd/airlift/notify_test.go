//go:build unix

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
	"airlift/worker/service/notify"
)

const (
	// notifySecret signs the notifications of the tests, and urlSecret is in their URLs.
	notifySecret = "Notify+secret/of-the-tests"
	urlSecret    = "T0KEN-of-the-url"
)

// received is a notification as it came.
type received struct {
	notify.Event
	header http.Header
	body   []byte
}

// receiver is an HTTP server that is told of what happens.
type receiver struct {
	t      testing.TB
	url    string
	answer func(n int) int // the status of the n-th answer; nil: 200

	mu  sync.Mutex
	all []received // guarded by mu
}

// newReceiver starts one, and gives its URL to the commands of the rig that follow.
func (r *rig) newReceiver(answer func(n int) int) *receiver {
	r.t.Helper()
	to := &receiver{t: r.t, answer: answer}
	server := httptest.NewServer(to)
	r.t.Cleanup(server.Close)
	to.url = server.URL + "/hooks/" + urlSecret
	r.setenv("AIRLIFT_NOTIFY", to.url)
	r.setenv("AIRLIFT_NOTIFY_SECRET", notifySecret)
	return to
}

func (to *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	one := received{header: q.Header.Clone()}
	one.body, _ = io.ReadAll(q.Body) // a body that is cut is no JSON
	if err := json.Unmarshal(one.body, &one.Event); err != nil {
		to.t.Errorf("a notification that is no JSON: %s", one.body)
	}
	if found := secretsIn(string(one.body)); found != nil || strings.Contains(string(one.body), notifySecret) || strings.Contains(string(one.body), urlSecret) {
		to.t.Errorf("a notification with a secret: %s", one.body)
	}
	if want := notify.Sign([]byte(notifySecret), q.Header.Get("X-Airlift-Timestamp"), one.body); q.Header.Get("X-Airlift-Signature") != want {
		to.t.Errorf("signature: got %q, want %q", q.Header.Get("X-Airlift-Signature"), want)
	}
	if one.Schema != 1 || one.ID == "" || one.ID != q.Header.Get("X-Airlift-Delivery") || string(one.Event.Event) != q.Header.Get("X-Airlift-Event") || one.Queue == "" || time.Since(one.Time).Abs() > time.Hour {
		to.t.Errorf("a notification without all that it must have: %v %s", q.Header, one.body)
	}
	to.mu.Lock()
	to.all = append(to.all, one)
	n := len(to.all)
	to.mu.Unlock()
	status := http.StatusOK
	if to.answer != nil {
		status = to.answer(n)
	}
	w.WriteHeader(status)
}

// got returns what came so far.
func (to *receiver) got() []received {
	to.mu.Lock()
	defer to.mu.Unlock()
	return slices.Clone(to.all)
}

// kinds returns the kinds of what came so far, and forgets it.
func (to *receiver) kinds() string {
	var kinds []string
	for _, one := range to.got() {
		kinds = append(kinds, string(one.Event.Event))
	}
	to.mu.Lock()
	to.all = nil
	to.mu.Unlock()
	return strings.Join(kinds, " ")
}

// one returns the only event of a kind.
func (to *receiver) one(kind notify.Kind) received {
	to.t.Helper()
	var found []received
	for _, one := range to.got() {
		if one.Event.Event == kind {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		to.t.Fatalf("%d events %s, want one, of %d", len(found), kind, len(to.got()))
	}
	return found[0]
}

// The ends of runs: each is told once, with the counts, the reason and what to do.
func TestTheEndsOfRunsAreTold(t *testing.T) {
	t.Parallel()
	echo := airtest.Fault{Kind: airtest.StatusBefore, Status: http.StatusBadRequest, Code: "BAD", Message: "no " + testSecretKey}
	r := newRig(t, airtest.Config{Script: failPosts("bad", echo)})
	to := r.newReceiver(nil)
	m := r.file("m.csv", "bucket,key\narchive,good.mov\narchive,bad.mov\narchive,\n")
	r.run("run", m, "--batch", "b").want(t, exit.Incomplete)
	if e := to.one(notify.Finished); e.Batch != "b" || e.Counts.Failed != 1 || e.Counts.Submitted != 1 || !strings.Contains(e.NextStep, "airlift retry b") || e.Account != "default" {
		t.Errorf("finished: %s", e.body)
	}
	if e := to.one(notify.Rejects); e.Counts.Rejected != 1 || !strings.Contains(e.NextStep, "airlift report") {
		t.Errorf("rejects: %s", e.body)
	}
	to.kinds()
	for _, tt := range []struct {
		what, want string
		code       int
		args       []string
		prepare    func()
	}{
		{"nothing new", "finished", exit.OK, []string{"run", r.manifest("one.csv", 1), "--batch", "one"}, func() { r.run("run", "one.csv", "--batch", "one").want(t, exit.OK); to.kinds() }},
		{"a limit", "stopped", exit.WorkLeft, []string{"run", r.night(5), "--batch", "night", "--max-items", "2"}, func() {}},
		{"the failure limit", "failure_limit", exit.Failures, []string{"run", r.file("f.csv", "bucket,key\narchive,bad1\narchive,bad2\narchive,bad3\n"), "--all-types", "--batch", "f", "--max-failures", "1", "--workers", "1"}, func() {}},
		{"a dry run", "", exit.Usage, []string{"run", "missing.csv", "--batch", "night", "--dry-run"}, func() {}},
		{"a file that is missing", "stopped", exit.Usage, []string{"run", "missing.csv", "--batch", "night"}, func() {}},
		{"the quota", "account_stopped", exit.Quota, []string{"submit", "night"}, func() { _ = r.air.Change(func(s *airtest.Settings) { s.MonthlyQuota = 1 }) }},
	} {
		tt.prepare()
		r.run(tt.args...).want(t, tt.code)
		all := to.got()
		if got := to.kinds(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
			continue
		}
		if len(all) == 0 {
			continue
		}
		if e := all[0]; tt.code != exit.OK && (e.Reason == "" || e.ExitCode == nil || *e.ExitCode != tt.code) {
			t.Errorf("%s: %s", tt.what, e.body)
		}
	}
}

// A daily cap that many workers meet is one pause and one resumption.
func TestAPauseIsToldOnce(t *testing.T) {
	t.Parallel()
	const dailyCap = 20
	posts := &arrivals{}
	r, _ := posts.newCapRig(t, dailyCap, airtest.Settings{DailyCap: dailyCap}, 5*time.Second)
	to := r.newReceiver(nil)
	r.run("run", r.manifest("m.csv", 30), "--batch", "b", "--workers", "8", "--grace", "1s").want(t, exit.OK)
	if e := to.one(notify.Paused); e.Until == nil || e.Counts.Submitted != dailyCap || e.Reason == "" {
		t.Errorf("paused: %s", e.body)
	}
	if got, want := to.kinds(), "paused resumed finished"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The holder of the queue tells of batches that come by its socket, and not the command that waits for it. Its end is told too.
func TestTheHolderTells(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	to := r.newReceiver(nil)
	p := r.serving()
	r.setenv("AIRLIFT_NOTIFY", "")
	other := r.newReceiver(nil)
	r.run("run", r.night(5), "--batch", "night").want(t, exit.OK).says(t, "notifies, by its own --notify")
	eventually(t, "the batch is told of", func() bool { return len(to.got()) == 1 })
	if e := to.one(notify.Finished); e.Batch != "night" || e.Counts.Submitted != 5 {
		t.Errorf("finished: %s", e.body)
	}
	p.end(t)
	if got := to.kinds(); got != "finished stopped" {
		t.Errorf("the holder tells %q", got)
	}
	if got := other.kinds(); got != "" {
		t.Errorf("the command that waits tells %q", got)
	}
}

// Receivers that fail, hang, redirect or are gone delay neither a submission nor, by more than a bound, the end; one that comes
// back gets the same delivery. What is not delivered is named, without the secret in the URL.
func TestBadReceiversDelayNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	release := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(release) })
	stray := r.newReceiver(nil)
	redirects := httptest.NewServer(http.RedirectHandler(stray.url, http.StatusTemporaryRedirect))
	t.Cleanup(redirects.Close)
	recovers := r.newReceiver(func(n int) int {
		if n < 3 {
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	})
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	r.setenv("AIRLIFT_NOTIFY", strings.Join([]string{hangs.URL + "/" + urlSecret, redirects.URL + "/" + urlSecret, recovers.url, gone.URL + "/" + urlSecret}, "\n"))
	r.setenv("AIRLIFT_HOOK", "echo broken >&2; exit 3\nsleep 1000")
	began := time.Now()
	got := r.run("run", r.manifest("m.csv", 20), "--batch", "b").want(t, exit.OK)
	if took := time.Since(began); took > 50*time.Second {
		t.Errorf("the run took %v, want about 10 s", took)
	}
	r.settled(20)
	if strings.Count(got.stderr, "a notification was not delivered") != 5 || strings.Contains(got.stderr, urlSecret) || strings.Count(got.stderr, "event=finished") != 5 {
		t.Errorf("standard error: %s", got.stderr)
	}
	got.says(t, "(--notify 1)", "it answers 307", "(--notify 4)", "--hook 1", "broken", "--hook 2", "batch=b")
	if len(stray.got()) > 0 {
		t.Error("a redirect was followed")
	}
	all := recovers.got()
	if len(all) != 3 || all[0].ID != all[2].ID {
		t.Errorf("the one that recovers got %d deliveries", len(all))
	}
	r.setenv("AIRLIFT_NOTIFY", "")
	r.setenv("AIRLIFT_HOOK", "exit 3")
	r.run("submit", "--quiet").want(t, exit.OK).says(t, "ERR a notification was not delivered") // nobody else tells of it
}

// A hook gets the event, and none of airlift's settings and keys.
func TestAHookGetsTheEventAndNoSecret(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.setenv("AWS_SECRET_ACCESS_KEY", testSecretKey)
	r.setenv("NOTIFY_SOCKET", "/nonexistent")
	r.newReceiver(nil)
	r.setenv("AIRLIFT_HOOK", `cat > "$HOME/event.json"; env > "$HOME/env.txt"; ps -ef > "$HOME/ps.txt" 2>/dev/null || true`)
	r.run("run", r.manifest("m.csv", 2), "--batch", "it's \"b\"; touch x").want(t, exit.OK)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var e notify.Event
	if err := json.Unmarshal([]byte(read("event.json")), &e); err != nil || e.Event != notify.Finished || e.Batch != "it's \"b\"; touch x" {
		t.Errorf("its input: %+v, %v", e, err)
	}
	env := read("env.txt")
	for _, want := range []string{"AIRLIFT_EVENT=finished\n", "AIRLIFT_EVENT_BATCH=it's \"b\"; touch x\n", "PATH=", "HOME="} {
		if !strings.Contains(env, want) {
			t.Errorf("its environment lacks %q:\n%s", want, env)
		}
	}
	for _, secret := range []string{testSecretKey, testAccessKey, notifySecret, urlSecret, "NOTIFY_SOCKET", "AIRLIFT_AIR_URL", "AIRLIFT_HOOK"} {
		if strings.Contains(env, secret) {
			t.Errorf("its environment has %q", secret)
		}
	}
	if ps := read("ps.txt"); strings.Contains(ps, notifySecret) || strings.Contains(ps, urlSecret) {
		t.Errorf("the process list shows a secret:\n%s", ps)
	}
}

// A hook gets the keys of no account, whatever their variables are called.
func TestAHookGetsNoKeysOfAccounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	config := filepath.Join(r.dir, "config.toml")
	if err := os.WriteFile(config, []byte("[account.b]\naccess-key-env = \"B_ID\"\nsecret-key-env = \"B_KEY\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.setenv("B_ID", testAccessKey)
	r.setenv("B_KEY", testSecretKey)
	r.setenv("B_OTHER", "seen")
	r.run("run", r.manifest("m.csv", 1), "--config", config, "--account", "b", "--batch", "b", "--hook", `env > "$HOME/env.txt"`).want(t, exit.OK)
	env := readFile(t, filepath.Join(r.dir, "env.txt"))
	if !strings.Contains(env, "B_OTHER=seen\n") || strings.Contains(env, "B_ID") || strings.Contains(env, "B_KEY") {
		t.Errorf("the environment of the hook:\n%s", env)
	}
}

// The end by a signal is told, in time.
func TestASignalIsTold(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(3))
	to := r.newReceiver(nil)
	p := r.start("run", r.manifest("m.csv", 10), "--batch", "b", "--workers", "1")
	await(t, h.posts.reached(3), "it to be at work")
	p.signal(syscall.SIGTERM)
	close(h.release)
	p.wait().want(t, exit.WorkLeft)
	if e := to.one(notify.Stopped); e.Batch != "b" || !strings.Contains(e.NextStep, "the same command carries on") || *e.ExitCode != exit.WorkLeft {
		t.Errorf("stopped: %s", e.body)
	}
}

// A test event says of each who is told what came of it.
func TestNotifyTest(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("notify", "test").want(t, exit.Usage).says(t, "--notify")
	to := r.newReceiver(func(n int) int { return []int{200, 200, 404}[n-1] })
	r.run("notify", "test").want(t, exit.OK).says(t, "(--notify 1): ok")
	if e := to.one(notify.Test); e.Reason == "" {
		t.Errorf("test: %s", e.body)
	}
	r.run("notify", "test", "--hook", "true").want(t, exit.OK).says(t, "--hook 1: ok")
	got := r.run("notify", "test", "--hook", "exit 7").want(t, exit.Unexpected).says(t, "it answers 404", "exit status 7")
	if strings.Contains(got.stdout+got.stderr, urlSecret) {
		t.Errorf("it shows the URL: %s%s", got.stdout, got.stderr)
	}
	r.setenv("AIRLIFT_HOOK", "curl -H "+urlSecret+" x")
	if got := r.run("config", "show", "run").want(t, exit.OK); strings.Contains(got.stdout, urlSecret) || !strings.Contains(got.stdout, "hook") {
		t.Errorf("config show: %s", got.stdout)
	}
	r.setenv("AIRLIFT_HOOK", "")
	r.setenv("AIRLIFT_NOTIFY", "http://example.com/"+urlSecret+"\n://"+urlSecret+"\nhttps:///"+urlSecret)
	got = r.run("notify", "test").want(t, exit.Usage).says(t, "--notify 1 (example.com)", "--notify 2", "--notify 3")
	if strings.Contains(got.stdout+got.stderr, urlSecret) {
		t.Errorf("it shows the URL: %s%s", got.stdout, got.stderr)
	}
	r.setenv("AIRLIFT_NOTIFY", to.url)
	r.run("notify", "test", "--notify-secret-file", r.file("empty", "\n")).want(t, exit.Usage).says(t, "is empty")
}

// The five lines of `airlift help unattended` verify a signature.
func TestTheSignatureIsVerifiedAsDocumented(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	r := newRig(t, airtest.Config{})
	_, rest, _ := strings.Cut(r.run("help", "unattended").stdout, "    import hmac")
	code, _, found := strings.Cut(rest, "\n\n")
	if !found {
		t.Fatal("the topic shows no Python")
	}
	code = "import hmac" + strings.ReplaceAll(code, "\n    ", "\n")
	to := r.newReceiver(nil)
	r.run("notify", "test").want(t, exit.OK)
	e := to.one(notify.Test)
	for _, tt := range []struct{ secret, body, want string }{{notifySecret, string(e.body), "True"}, {notifySecret, string(e.body) + " ", "False"}, {"other", string(e.body), "False"}} {
		headers, _ := json.Marshal(map[string]string{"X-Airlift-Timestamp": e.header.Get("X-Airlift-Timestamp"), "X-Airlift-Signature": e.header.Get("X-Airlift-Signature")})
		out, err := exec.Command(python, "-c", code+"\nimport sys, json\nprint(genuine(sys.argv[1].encode(), json.loads(sys.argv[2]), sys.argv[3].encode()))", tt.secret, string(headers), tt.body).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != tt.want {
			t.Errorf("got %s, %v, want %s", out, err, tt.want)
		}
	}
}
