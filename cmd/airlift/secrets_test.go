package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// spellings are the forms in which a key might slip out.
func spellings(key string) []string {
	return []string{key, url.QueryEscape(key), strings.ReplaceAll(key, "/", `\/`), base64.StdEncoding.EncodeToString([]byte(key))}
}

// secretsIn returns the credentials that a text shows.
func secretsIn(text string) (found []string) {
	for _, key := range []string{testAccessKey, testSecretKey} {
		for _, s := range spellings(key) {
			if strings.Contains(text, s) {
				found = append(found, s)
			}
		}
	}
	return found
}

// secretless fails the test if an output, or a file that a command left behind, shows a credential.
func (r *rig) secretless(what string, g result) {
	r.t.Helper()
	if found := secretsIn(g.stdout + g.stderr); found != nil {
		r.t.Errorf("%s shows %q", what, found)
	}
	for name, content := range r.files() {
		if found := secretsIn(content); found != nil && !strings.HasPrefix(name, ".aws/") {
			r.t.Errorf("after %s the file %s holds %q", what, name, found)
		}
	}
}

// An AiR that echoes both keys in everything it says: no command shows or stores them, whatever the level and format of
// the logs.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "console"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			echo := fmt.Sprintf("bad request from %s with %s (%s)", testAccessKey, testSecretKey, url.QueryEscape(testSecretKey))
			r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
				f := airtest.Fault{Kind: airtest.StatusBefore, Code: "BAD_" + testAccessKey, Message: echo, Header: map[string]string{"X-Echo": testSecretKey}}
				switch {
				case q.Method == http.MethodGet && q.N == 2:
					f.Status = http.StatusInternalServerError
				case strings.HasSuffix(q.Job.Source.ObjectKey, "1.mov"):
					f.Status = http.StatusBadRequest
				case q.Method == http.MethodPost && q.N == 5:
					f.Status = http.StatusInternalServerError
				default:
					return airtest.Fault{}
				}
				return f
			}})
			r.setenv("AIRLIFT_LOG_LEVEL", "debug")
			r.setenv("AIRLIFT_LOG_FORMAT", format)
			m := r.manifest("m.csv", 20)
			r.secretless("run", r.run("run", m, "--batch", "b", "--report", "at-end.csv", "--stats", "10ms").want(t, exit.Incomplete).says(t, "REDACTED"))
			for _, args := range [][]string{
				{"run", m, "--batch", "b", "--json"}, {"run", m, "--dry-run", "--batch", "b"}, {"enqueue", m, "--batch", "c"}, {"status"}, {"status", "--json"},
				{"items", "b"}, {"items", "b", "--json"}, {"report", "b"}, {"report", "b", "--format", "jsonl"}, {"report", "b", "--format", "excel"},
				{"report", "b", "-o", "r.csv"}, {"reconcile"}, {"retry", "b"}, {"submit", "b"}, {"cancel", "c", "--all"}, {"resume"}, {"check"}, {"compact"},
				{"doctor", "--destination-bucket", ""}, {"doctor", m, "--json", "--destination-bucket", ""}, {"config", "show"}, {"config", "show", "run", "--json"}, {"init"}, {"init", "--yes"},
				{"help"}, {"run", "--help"}, {"version"}, {"completion", "bash"}, {"nonsense"}, {"run", "--nonsense"},
			} {
				r.secretless(strings.Join(args, " "), r.run(args...))
			}
		})
	}
}

// Stops and errors of the connection name no key either.
func TestSecretsInStops(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 401, 403, 404, 429} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{Script: func(airtest.Request) airtest.Fault {
				return airtest.Fault{Kind: airtest.StatusBefore, Status: status, Code: testAccessKey, Message: "no, " + testSecretKey,
					Header: map[string]string{"Location": "https://" + url.QueryEscape(testSecretKey) + ".example.com/" + testAccessKey}}
			}})
			r.setenv("AIRLIFT_LOG_LEVEL", "debug")
			got := r.run("run", r.manifest("m.csv", 3), "--on-daily-cap", "exit")
			if got.code == exit.OK {
				t.Errorf("exit code: got 0 after status %d", status)
			}
			r.secretless("run", got)
			r.secretless("status", r.run("status"))
		})
	}
}

// A URL that holds a password is refused, and not repeated.
func TestSecretsInURLs(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 1)
	with := "https://" + testAccessKey + ":" + url.QueryEscape(testSecretKey) + "@air.example.com"
	r.setenv("AIRLIFT_AIR_URL", with)
	r.secretless("run", r.run("run", m).want(t, exit.Usage).says(t, "must not hold a user or password"))
	r.setenv("AIRLIFT_AIR_URL", "https://air.example.com/?secret="+url.QueryEscape(testSecretKey))
	r.secretless("run", r.run("run", m).want(t, exit.Usage).says(t, "query"))
	r.setenv("AIRLIFT_AIR_URL", r.url)
	r.setenv("AIRLIFT_SOURCE_REGION", "us-east-1")
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", with)
	r.secretless("run", r.run("run", "s3://archive/").want(t, exit.Usage).says(t, "--source-endpoint"))
	r.secretless("run", r.run("run", m).want(t, exit.Usage).says(t, "--source-endpoint"))
	r.secretless("enqueue", r.run("enqueue", m).want(t, exit.Usage).says(t, "--source-endpoint"))
	r.unsent()
}

// An S3 server that echoes what it was sent is not repeated either.
func TestSecretsEchoedByS3(t *testing.T) {
	t.Parallel()
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>%s</Message></Error>", q.Header.Get("Authorization"))
	}))
	t.Cleanup(s3.Close)
	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", s3.URL)
	r.setenv("AIRLIFT_SOURCE_REGION", "us-east-1")
	r.setenv("AIRLIFT_LOG_LEVEL", "debug")
	r.secretless("run", r.run("run", "s3://archive/").want(t, exit.Unexpected).says(t, "the secret key does not belong"))
	r.secretless("doctor", r.run("doctor", "s3://archive/").want(t, exit.Usage).says(t, "the secret key does not belong"))
}

// The keys are never in the list of processes, and a running command writes them nowhere.
func TestSecretsAreNotInTheProcessList(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	r := newRig(t, airtest.Config{OnRequest: func(q airtest.Request) {
		if q.Method == http.MethodPost && q.N == 1 {
			arrived <- struct{}{}
			<-release
		}
	}})
	p := r.start("run", r.manifest("m.csv", 3))
	<-arrived
	for _, file := range []string{"cmdline", "comm", "status"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
		if err != nil {
			t.Fatal(err)
		}
		if found := secretsIn(string(b)); found != nil {
			t.Errorf("/proc/PID/%s shows %q", file, found)
		}
	}
	r.secretless("a run at its first POST", result{})
	close(release)
	p.wait().want(t, exit.OK)
}

// awsFiles writes the AWS shared credentials file.
func (r *rig) awsFiles(content string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Join(r.dir, ".aws"), 0o700); err != nil {
		r.t.Fatal(err)
	}
	r.file(".aws/credentials", content)
}

const sessionToken = "FwoGZXIvYXdzEBYaDsession0123456789/token=="

// utf16File is a text as Windows may save it.
func utf16File(text string) string {
	out := "\xff\xfe"
	for _, c := range []byte(text) {
		out += string([]byte{c, 0})
	}
	return out
}

// S3 gets the session token of temporary keys, from a profile or the environment; AiR is not sent a request with them.
func TestTemporaryCredentials(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"profile", "environment"} {
		r := newRig(t, airtest.Config{})
		s3 := r.withS3()
		s3.Put("archive", "a.mov", movie)
		s3.SetSessionToken(sessionToken)
		args := []string{"s3://archive/", "--batch", "b"}
		if way == "profile" {
			r.awsFiles("[sts]\naws_access_key_id = " + testAccessKey + "\naws_secret_access_key = " + testSecretKey + "\naws_session_token = " + sessionToken + "\n")
			args = append(args, "--profile", "sts")
		} else {
			r.setenv("AWS_SESSION_TOKEN", sessionToken)
		}
		got := r.run(append([]string{"run"}, args...)...).want(t, exit.Credentials).says(t, "temporary credentials", "long-lived")
		r.unsent()
		more := r.run(append([]string{"enqueue"}, args...)...).want(t, exit.OK)
		if strings.Contains(got.stdout+got.stderr+more.stdout+more.stderr, sessionToken) {
			t.Error("the token is shown")
		}
		r.setenv("AWS_SESSION_TOKEN", "")
		r.run("submit").want(t, exit.OK)
		r.submittedKeys("a.mov")
	}
}

func TestWhichCredentialsCount(t *testing.T) {
	t.Parallel()
	good := "aws_access_key_id = " + testAccessKey + "\naws_secret_access_key = " + testSecretKey + "\n"
	const wrong = "aws_access_key_id = AKIAWRONGWRONGWRONG1\naws_secret_access_key = wrongwrongwrongwrong1\n"
	cases := []struct {
		name        string
		file        string
		env         map[string]string
		args        []string
		code        int
		says        string
		noKeysInEnv bool
	}{
		{name: "an explicit profile beats the environment", file: "[archive]\n" + good, env: map[string]string{"WASABI_ACCESS_KEY": "AKIAWRONGWRONGWRONG2", "WASABI_SECRET_KEY": "wrong2wrong2wrong2"}, args: []string{"--profile", "archive"}},
		{name: "even if that is half a pair", file: "[archive]\n" + good, env: map[string]string{"WASABI_SECRET_KEY": ""}, args: []string{"--profile", "archive"}},
		{name: "the environment beats AWS_PROFILE", file: "[archive]\n" + wrong, env: map[string]string{"AWS_PROFILE": "archive"}},
		{name: "the environment beats the default profile", file: "[default]\n" + wrong},
		{name: "AWS_PROFILE beats the default profile", file: "[default]\n" + wrong + "[archive]\n" + good, env: map[string]string{"AWS_PROFILE": "archive"}, noKeysInEnv: true},
		{name: "the default profile", file: "[default]\n" + good, noKeysInEnv: true},
		{name: "no keys anywhere", file: "", noKeysInEnv: true, code: exit.Usage, says: "WASABI_ACCESS_KEY"},
		{name: "no secret key", env: map[string]string{"WASABI_SECRET_KEY": ""}, file: "[default]\n" + good, code: exit.Usage, says: "WASABI_SECRET_KEY is not"},
		{name: "no access key", env: map[string]string{"WASABI_ACCESS_KEY": ""}, file: "[default]\n" + good, code: exit.Usage, says: "WASABI_ACCESS_KEY is not"},
		{name: "a BOM", file: "\ufeff[archive]\r\n" + good, args: []string{"--profile", "archive"}},
		{name: "UTF-16", file: utf16File("[other]\n" + wrong + "[archive]\n" + good), args: []string{"--profile", "archive"}},
		{name: "comments and nested settings", file: "# keys\n[ archive ] ; mine\ns3 =\n  aws_access_key_id = wrong\n" + good, args: []string{"--profile", "archive"}},
		{name: "temporary keys", file: "[archive]\n" + good + "aws_session_token = " + sessionToken + "\n", args: []string{"--profile", "archive"}, code: exit.Credentials, says: `profile "archive" holds temporary credentials`},
		{name: "a temporary pair in the environment", env: map[string]string{"AWS_SESSION_TOKEN": sessionToken}, code: exit.Credentials, says: "the environment holds temporary credentials"},
		{name: "the token of another pair", env: map[string]string{"AWS_SESSION_TOKEN": sessionToken, "AWS_ACCESS_KEY_ID": "ASIAOTHEROTHEROTHER1"}},
		{name: "half a pair in the profile", file: "[archive]\naws_secret_access_key = " + testSecretKey + "\n", args: []string{"--profile", "archive"}, code: exit.Usage, says: `the profile "archive"`},
		{name: "no such profile", file: "[archive]\n" + good, args: []string{"--profile", "nosuch"}, code: exit.Usage, says: `profile "nosuch"`},
		{name: "no such AWS_PROFILE", file: "[archive]\n" + good, env: map[string]string{"AWS_PROFILE": "nosuch"}, noKeysInEnv: true, code: exit.Usage, says: `profile "nosuch"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.awsFiles(c.file)
			if c.noKeysInEnv {
				r.setenv("WASABI_ACCESS_KEY", "")
				r.setenv("WASABI_SECRET_KEY", "")
			}
			for name, value := range c.env {
				r.setenv(name, value)
			}
			got := r.run(append([]string{"run", r.manifest("m.csv", 2), "--log-level", "debug"}, c.args...)...).want(t, c.code).says(t, c.says)
			r.secretless("run", got)
			if c.code != exit.OK {
				r.unsent()
				return
			}
			r.settled(2)
		})
	}
}

func TestAnEndpointWithAPasswordIsRejectedAndNotStored(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("rows.csv", "bucket,key,endpoint\narchive,a.mov,https://user:hunter2secret@s3.example.com\narchive,b.mov,s3.example.com\n")
	got := r.run("run", m, "--batch", "b").want(t, exit.Incomplete).says(t, "line 2", "password")
	if strings.Contains(got.stdout+got.stderr+r.run("report", "b").stdout, "hunter2secret") {
		t.Error("the password is shown")
	}
	if jobs := r.air.Jobs(); len(jobs) != 1 || jobs[0].Source.Endpoint != "s3.example.com" {
		t.Errorf("jobs: got %+v, want that of b.mov", jobs)
	}
}

// AiR takes no credentials for a source: a row outside Wasabi is told of once.
func TestASourceOutsideWasabiIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("rows.csv", "bucket,key,endpoint\narchive,a.mov,s3.eu-central-1.wasabisys.com\narchive,b.mov,s3.example.com\narchive,c.mov,https://s3.example.org\narchive,d.mov,wasabisys.com.example.org\n")
	got := r.run("enqueue", m, "--batch", "b").want(t, exit.OK)
	if n := strings.Count(got.stderr, "not Wasabi's"); n != 1 || !strings.Contains(got.stderr, "s3.example.com") {
		t.Errorf("%d warnings, want one of s3.example.com:\n%s", n, got.stderr)
	}
}
