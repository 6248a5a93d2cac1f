package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/doctor"
	"airlift/cmd/airlift/exit"
	"airlift/manifest/s3test"
	"airlift/worker/air/airtest"
)

// healthy is a rig for which all is well: `airlift doctor m.csv` ends with 0.
func healthy(t *testing.T, c airtest.Config) (*rig, *s3test.Server, string) {
	t.Helper()
	r := newRig(t, c)
	s := r.withS3()
	s.Put("archive", "reel/clip-00000.mov", movie)
	s.MakeBucket("results")
	return r, s, r.manifest("m.csv", 3)
}

// examined runs doctor, and checks what no run of it may do: send a job, change or leave a file, show a secret.
func (r *rig) examined(code int, args ...string) map[string]doctor.Finding {
	r.t.Helper()
	before := r.files()
	got := r.run(append([]string{"doctor", "--json"}, args...)...).want(r.t, code)
	r.secretless("doctor", got)
	r.unsent()
	if after := r.files(); len(after) != len(before) {
		r.t.Errorf("doctor left %d files, there were %d", len(after), len(before))
	}
	var report doctor.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil || report.OK != (code == exit.OK) {
		r.t.Fatalf("%v, ok %v in %s", err, report.OK, got.stdout)
	}
	byName := map[string]doctor.Finding{}
	for _, f := range report.Checks {
		if f.Result == doctor.NotOK && f.Do == "" {
			r.t.Errorf("%s does not say what to do: %s", f.Check, f.Text)
		}
		if was, twice := byName[f.Check]; !twice || was.Result == doctor.OK {
			byName[f.Check] = f
		}
	}
	return byName
}

func TestDoctorWhenAllIsWell(t *testing.T) {
	t.Parallel()
	r, s, m := healthy(t, airtest.Config{})
	found := r.examined(exit.OK, m)
	for _, name := range []string{"settings", "credentials", "key files", "AiR", "source", "destination", "proxy", "folder", "queue", "socket", "open files", "time zones", "object", "clock", "disk space", "limits"} {
		if f := found[name]; f.Result != doctor.OK {
			t.Errorf("%s: got %+v", name, f)
		}
	}
	r.noQueue()
	if text := found["source"].Text; !strings.Contains(text, "all 3 rows") {
		t.Errorf("source: %s", text)
	}
	lines := r.run("doctor", m).want(t, exit.OK)
	r.secretless("doctor", lines)
	for line := range strings.Lines(lines.stdout) {
		if !regexp.MustCompile(`^ok           \S`).MatchString(line) {
			t.Errorf("line %q", line)
		}
	}
	// A scan, whose first page is read, and without a source.
	s.PutSized("archive", "other.mov", 5)
	if f := r.examined(exit.OK, "s3://archive/reel/")["source"]; !strings.Contains(f.Text, "all 1 rows") {
		t.Errorf("scan: %+v", f)
	}
	if f, there := r.examined(exit.OK)["source"]; there {
		t.Errorf("without a source: %+v", f)
	}
	// A queue that is there, with what a run has left.
	r.run("run", m).want(t, exit.OK)
	if n := r.air.Posts(); n != 3 {
		t.Fatalf("%d POSTs, want 3", n)
	}
	before, _ := os.ReadFile(r.queue)
	r.run("doctor", m).want(t, exit.OK).says(t, "with 1 batches")
	r.run("doctor", m, "--canary", "2", "--canary-again", "--replace", "--dry-run", "--detach").want(t, exit.OK) // the command line of a run
	if after, _ := os.ReadFile(r.queue); string(after) != string(before) {
		t.Error("doctor changed the queue")
	}
	if n := r.air.Posts(); n != 3 {
		t.Errorf("%d POSTs, want still 3", n)
	}
}

// always answers every request with a status.
func always(status int, code, message string) func(airtest.Request) airtest.Fault {
	return func(airtest.Request) airtest.Fault {
		return airtest.Fault{Kind: airtest.StatusBefore, Status: status, Code: code, Message: message}
	}
}

// What is broken shows in the line of its check, and in the exit code.
func TestDoctorFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	ahead := func(by time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(by) } }
	var plain = func(*rig, *s3test.Server) {}
	for name, c := range map[string]struct {
		air   airtest.Config
		spoil func(*rig, *s3test.Server)
		args  string
		check string
		want  doctor.Result
		says  string
	}{
		"wrong setting":          {spoil: func(r *rig, _ *s3test.Server) { r.config("wrokers = 3\n") }, check: "settings", want: doctor.NotOK, says: "is workers meant?"},
		"unknown variable":       {spoil: func(r *rig, _ *s3test.Server) { r.setenv("AIRLIFT_RTAE", "1") }, check: "settings", want: doctor.NotOK, says: "is AIRLIFT_RATE meant?"},
		"wrong flags":            {args: "--rate fast --workers 0", check: "settings", want: doctor.NotOK, says: "--workers 0"},
		"no keys":                {spoil: func(r *rig, _ *s3test.Server) { r.setenv("WASABI_ACCESS_KEY", ""); r.setenv("WASABI_SECRET_KEY", "") }, check: "credentials", want: doctor.NotOK, says: "none"},
		"half a pair":            {spoil: func(r *rig, _ *s3test.Server) { r.setenv("WASABI_SECRET_KEY", "") }, check: "credentials", want: doctor.NotOK, says: "WASABI_SECRET_KEY is not"},
		"no such profile":        {args: "--profile nosuch", check: "credentials", want: doctor.NotOK, says: "no such profile"},
		"temporary keys":         {spoil: func(r *rig, _ *s3test.Server) { r.setenv("AWS_SESSION_TOKEN", sessionToken) }, check: "credentials", want: doctor.NotOK, says: "temporary"},
		"keys that others read":  {spoil: worldReadable, check: "key files", want: doctor.NotOK, says: "other users"},
		"no AiR URL":             {spoil: func(r *rig, _ *s3test.Server) { r.setenv("AIRLIFT_AIR_URL", "") }, check: "AiR", want: doctor.NotOK, says: "not set"},
		"AiR is not reached":     {args: "--air-url http://127.0.0.1:1", check: "AiR", want: doctor.NotOK, says: "refused"},
		"AiR is something else":  {air: airtest.Config{Script: func(airtest.Request) airtest.Fault { return airtest.Fault{Kind: airtest.HTML200Before} }}, check: "AiR", want: doctor.NotOK, says: "no AiR"},
		"AiR's 401":              {air: airtest.Config{Script: always(401, "UNAUTHORIZED", "no "+testSecretKey)}, check: "AiR", want: doctor.NotOK, says: "does not take these keys"},
		"AiR's 403 for access":   {air: airtest.Config{Script: always(403, "ACCESS_DENIED", "not authorized")}, check: "AiR", want: doctor.NotOK, says: "refuses them access"},
		"a 403 for the quota":    {air: airtest.Config{Script: always(403, "FORBIDDEN", "monthly quota reached")}, check: "AiR", want: doctor.CannotTell, says: "quota"},
		"a 403 of a proxy":       {air: airtest.Config{Script: always(403, "", "")}, check: "AiR", want: doctor.NotOK, says: "proxy or firewall"},
		"AiR's 404":              {air: airtest.Config{Script: always(404, "NOT_FOUND", "no")}, check: "AiR", want: doctor.NotOK, says: "no AiR"},
		"AiR's 500":              {air: airtest.Config{Script: always(500, "INTERNAL_ERROR", "oh")}, check: "AiR", want: doctor.CannotTell, says: "500"},
		"our clock":              {air: airtest.Config{Clock: ahead(3 * time.Minute)}, spoil: func(_ *rig, s *s3test.Server) { s.SetClock(3 * time.Minute) }, check: "clock", want: doctor.NotOK, says: "behind AiR's and S3's"},
		"AiR's clock":            {air: airtest.Config{Clock: ahead(-3 * time.Minute)}, check: "clock", want: doctor.NotOK, says: "AiR's is off"},
		"S3's clock":             {spoil: func(_ *rig, s *s3test.Server) { s.SetClock(5 * time.Minute) }, check: "clock", want: doctor.NotOK, says: "S3's is off"},
		"no such file":           {args: "nosuch.csv", check: "source", want: doctor.NotOK, says: "nosuch.csv"},
		"an empty prefix":        {args: "s3://archive/nosuch/", check: "source", want: doctor.NotOK, says: "nothing is found"},
		"a scan of no bucket":    {args: "s3://nosuch/", check: "source", want: doctor.NotOK, says: "does not exist"},
		"bad rows":               {spoil: func(r *rig, _ *s3test.Server) { r.file("bad.csv", "bucket,key\narchive,\n,a\narchive,b.mov\n") }, args: "bad.csv", check: "source", want: doctor.NotOK, says: "2 are bad"},
		"nothing passes filters": {args: "--include *.pdf", check: "source", want: doctor.NotOK, says: "none of all 3 rows"},
		"no services":            {spoil: func(r *rig, _ *s3test.Server) { r.setenv("AIRLIFT_SERVICES", "") }, check: "source", want: doctor.NotOK, says: "lack settings"},
		"standard input":         {args: "- --batch b", check: "source", want: doctor.CannotTell, says: "left to the run"},
		"a missing object":       {spoil: func(_ *rig, s *s3test.Server) { s.Delete("archive", "reel/clip-00000.mov") }, check: "object", want: doctor.NotOK, says: "no such object"},
		"S3 refuses the keys":    {spoil: func(_ *rig, s *s3test.Server) { s.SetAccessKey("another") }, check: "object", want: doctor.NotOK, says: "not known to the S3 server"},
		"S3 throttles":           {spoil: func(_ *rig, s *s3test.Server) { s.SetFault(s3test.SlowDown, 0) }, check: "object", want: doctor.CannotTell, says: "trouble"},
		"no region":              {spoil: func(r *rig, _ *s3test.Server) { r.setenv("AIRLIFT_SOURCE_REGION", "") }, check: "object", want: doctor.CannotTell, says: "region"},
		"no destination":         {args: "--destination-bucket nosuch", check: "destination", want: doctor.NotOK, says: "no bucket s3://nosuch"},
		"the region of it":       {spoil: func(_ *rig, s *s3test.Server) { s.SetRegion("eu-west-1") }, check: "destination", want: doctor.NotOK, says: "lies in eu-west-1"},
		"no right to look":       {spoil: func(_ *rig, s *s3test.Server) { s.DenyBucket("results") }, check: "destination", want: doctor.CannotTell, says: "may not look"},
		"a region that is none":  {args: "--destination-region evil.com/", check: "destination", want: doctor.NotOK, says: "is no region"},
		"a proxy is gone":        {spoil: deadProxy, check: "proxy", want: doctor.NotOK, says: "127.0.0.1:1 does not answer"},
		"a proxy is no URL":      {spoil: func(r *rig, _ *s3test.Server) { r.setenv("HTTPS_PROXY", "http://%zz") }, check: "proxy", want: doctor.NotOK, says: "not a valid URL"},
		"no queue place": {spoil: func(r *rig, _ *s3test.Server) {
			r.setenv("AIRLIFT_QUEUE", "")
			r.setenv("HOME", "")
			r.setenv("XDG_CONFIG_HOME", r.dir)
		}, check: "queue", want: doctor.NotOK, says: "HOME is not set"},
		"a queue that is none":   {spoil: func(r *rig, _ *s3test.Server) { r.file("queue.db", strings.Repeat("no queue", 4096)) }, check: "queue", want: doctor.NotOK, says: "queue.db"},
		"a file for a folder":    {spoil: func(r *rig, _ *s3test.Server) { r.file("queue.db.run", "") }, check: "socket", want: doctor.NotOK, says: "in the way"},
		"a queue with long path": {spoil: longPath, check: "socket", want: doctor.NotOK, says: "too long"},
		"a queue in memory":      {args: "--queue /dev/shm/airlift-doctor-test/q.db", check: "folder", want: doctor.NotOK, says: "in memory"},
		"an unknown time zone":   {spoil: func(r *rig, _ *s3test.Server) { r.setenv("TZ", "Mars/Olympus") }, check: "time zones", want: doctor.NotOK, says: "Mars/Olympus"},
		"a day without room":     {args: "--rate 1/s --daily-limit 100000", check: "limits", want: doctor.NotOK, says: "86,400"},
		"years":                  {args: "--daily-limit 1 --rate 1/h --limit 3 many.csv", spoil: func(r *rig, _ *s3test.Server) { r.manifest("many.csv", 900) }, check: "limits", want: doctor.NotOK, says: "2.5 years"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, s, m := healthy(t, c.air)
			if c.spoil == nil {
				c.spoil = plain
			}
			c.spoil(r, s)
			args := strings.Fields(c.args)
			if !strings.Contains(c.args, ".csv") && !strings.Contains(c.args, "s3://") && !strings.HasPrefix(c.args, "-  ") && !strings.HasPrefix(c.args, "- ") {
				args = append(args, m)
			}
			code := exit.Usage
			if c.want == doctor.CannotTell {
				code = exit.Incomplete
			}
			if got := r.examined(code, args...)[c.check]; got.Result != c.want || !strings.Contains(got.Text, c.says) {
				t.Errorf("got %+v, want %s with %q", got, c.want, c.says)
			}
		})
	}
}

func worldReadable(r *rig, _ *s3test.Server) {
	r.awsFiles("[default]\naws_access_key_id = " + testAccessKey + "\naws_secret_access_key = " + testSecretKey + "\n")
	if err := os.Chmod(filepath.Join(r.dir, ".aws/credentials"), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// deadProxy sets a proxy that does not answer, with a password, and an AiR that is behind it.
func deadProxy(r *rig, _ *s3test.Server) {
	r.setenv("HTTPS_PROXY", "http://user:"+sessionToken[:20]+"@127.0.0.1:1")
	r.setenv("AIRLIFT_AIR_URL", "https://air.example.com")
}

func longPath(r *rig, _ *s3test.Server) {
	dir := filepath.Join(r.dir, strings.Repeat("d", 120))
	if err := os.Mkdir(dir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	r.setenv("AIRLIFT_QUEUE", filepath.Join(dir, "q.db"))
	r.setenv("XDG_RUNTIME_DIR", "")
}

// While a process holds the queue doctor says which, whether it answers or not.
func TestDoctorWhileAnotherProcessHoldsTheQueue(t *testing.T) {
	t.Parallel()
	r, _, m := healthy(t, airtest.Config{})
	p := r.start("serve")
	for deadline := time.Now().Add(patience); !strings.Contains(r.run("doctor").stdout, "which answers"); {
		if time.Now().After(deadline) {
			t.Fatal(r.run("doctor").stdout)
		}
	}
	if f := r.examined(exit.OK, m)["queue"]; !strings.Contains(f.Text, "hands its rows to it") {
		t.Errorf("got %+v", f)
	}
	p.signal(syscall.SIGINT)
	p.wait()
}

// An AiR that never answers costs the deadline and no more, and a signal ends the command with exit code 5.
func TestDoctorIsInterrupted(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // it accepts, and answers nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan struct{})
	go func() {
		if c, err := l.Accept(); err == nil {
			close(accepted)
			defer c.Close()
			_, _ = c.Read(make([]byte, 1))
			<-t.Context().Done()
		}
	}()
	r, _, m := healthy(t, airtest.Config{})
	p := r.start("doctor", m, "--air-url", "http://"+l.Addr().String())
	await(t, accepted, "the request to AiR")
	p.signal(syscall.SIGINT)
	p.wait().want(t, exit.WorkLeft)
}
