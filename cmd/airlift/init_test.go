package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// bare takes the settings of a rig away, as before the first `airlift init`, and returns the place of the config file.
func (r *rig) bare() string {
	for _, name := range []string{"AIR_URL", "SERVICES", "DESTINATION_BUCKET", "DESTINATION_REGION", "RATE", "SETTLE", "QUEUE"} {
		r.setenv("AIRLIFT_"+name, "")
	}
	r.setenv("PATH", "")
	return filepath.Join(r.dir, ".config/airlift/config.toml")
}

// configured reads the config file, which only its owner may read.
func configured(t *testing.T, path string) (got map[string]any) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%s: %v, %v", path, info, err)
	}
	if _, err := toml.DecodeFile(path, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func (r *rig) notConfigured(path string) {
	r.t.Helper()
	if _, err := os.Stat(path); err == nil {
		r.t.Errorf("%s was written", path)
	}
}

// In a script init asks nothing: it takes flags and, with --yes, defaults, and names all that is missing.
func TestInitInAScript(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	path := r.bare()
	got := r.run("init").want(t, exit.Usage).says(t, "there is no terminal", "--air-url", "--profile", "--source-region", "--services", "--destination-bucket", "--destination-region", "--rate", "--queue", "--yes")
	r.secretless("init", got)
	missing := r.run("init", "--yes", "--air-url", r.url).want(t, exit.Usage).says(t, "give --services, --destination-bucket, as flags")
	if strings.Contains(missing.stderr, "--rate") {
		t.Errorf("it names what has a default: %s", missing.stderr)
	}
	r.notConfigured(path)

	args := []string{"init", "--yes", "--air-url", r.url, "--services", "ocr,s2t", "--destination-bucket", "results"}
	got = r.run(args...).want(t, exit.OK).says(t, "wrote "+path, "next: airlift doctor\n", "airlift run --dry-run SOURCE\n")
	r.secretless("init", got)
	if got.stderr != "" {
		t.Errorf("standard error: %s", got.stderr)
	}
	want := map[string]any{"air-url": r.url, "source-region": "us-east-1", "services": "ocr,s2t", "destination-bucket": "results", "destination-region": "us-east-1", "rate": "5/s"}
	if have := configured(t, path); fmt.Sprint(have) != fmt.Sprint(want) {
		t.Errorf("the file has\n%v, want\n%v", have, want)
	}
	r.run("run", r.manifest("m.csv", 1), "--rate", "unlimited").want(t, exit.OK) // with the file alone
	r.settled(1)

	// All by flags, without --yes, into another file and folder.
	other := filepath.Join(r.dir, "new", "c.toml")
	r.run("init", "--config", other, "--air-url", r.url, "--profile", "-", "--services", `{"logo":{"config":{"a":"\""}}}`, "--source-region", "eu-1",
		"--destination-bucket", "results", "--destination-region", "eu-2", "--rate", "1/h", "--queue", "/var/q.db").want(t, exit.OK).says(t, "next: airlift doctor --config "+other)
	have := configured(t, other)
	if have["queue"] != "/var/q.db" || have["destination-region"] != "eu-2" || have["services"] != `{"logo":{"config":{"a":"\""}}}` || have["profile"] != nil {
		t.Errorf("got %v", have)
	}
}

// A file that is there stays as it is without --force, and with it keeps all that init does not ask for.
func TestInitChangesAFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.bare()
	old := "# mine\nair_url = \"" + r.url + "\"\nworkers = 3 # few\nservices = \"ocr\"\nprofile = \"gone\"\ndestination-bucket = \"results\"\nsecret-key = \"s3cret-value\"\n\n[[rule]]\nmatch = \"*.pdf\"\nservices = \"nld\"\n"
	path := r.config(old)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"init", "--yes", "--services", "s2t", "--profile", "-"}
	got := r.run(args...).want(t, exit.Usage).says(t, "-services = \"ocr\"\n", "+services = \"s2t\"\n", "+rate = \"5/s\"\n", "--force")
	if strings.Contains(got.stdout+got.stderr, "s3cret-value") {
		t.Error("the diff shows a secret")
	}
	if b, _ := os.ReadFile(path); string(b) != old {
		t.Fatalf("the file was changed:\n%s", b)
	}
	r.run(append(args, "--force")...).want(t, exit.OK).says(t, "wrote")
	want := "# mine\nair-url = \"" + r.url + "\"\nworkers = 3 # few\nservices = \"s2t\"\ndestination-bucket = \"results\"\nsecret-key = \"s3cret-value\"\n\n" +
		"source-region = \"us-east-1\"\ndestination-region = \"us-east-1\"\nrate = \"5/s\"\n[[rule]]\nmatch = \"*.pdf\"\nservices = \"nld\"\n"
	if b, _ := os.ReadFile(path); string(b) != want {
		t.Errorf("the file has\n%s, want\n%s", b, want)
	}
	configured(t, path)
	r.run(append(args, "--force")...).want(t, exit.OK).says(t, "is already so")

	long := "air-url = \"" + r.url + "\"\ndestination-bucket = \"results\"\nservices = [\n  \"ocr\",\n]\n\n[[rule]]\nmatch = \"*.pdf\"\nservices = \"nld\"\n" // a value of three lines
	r.config(long)
	r.run(append(args, "--force")...).want(t, exit.Usage).says(t, "several lines", "by hand")
	if b, _ := os.ReadFile(path); string(b) != long {
		t.Errorf("the file was changed:\n%s", b)
	}

	r.config("air-url = \n") // which is no TOML
	r.run("init", "--yes", "--force", "--air-url", r.url, "--services", "ocr", "--destination-bucket", "results").want(t, exit.OK).says(t, "-air-url = \n")
	configured(t, path)
}

// What is wrong is said with the flag and what to do, all at once, and nothing is written. A key is not repeated.
func TestInitRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	path := r.bare()
	const password = "pAssw0rd"
	good := []string{"init", "--yes", "--air-url", r.url, "--services", "ocr", "--destination-bucket", "results"}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no URL":           {[]string{"--air-url", "air.example.com"}, "expected https://HOST"},
		"http":             {[]string{"--air-url", "http://air.example.com"}, "https"},
		"a password":       {[]string{"--air-url", "https://user:" + password + "@air.example.com"}, "must not hold a user or password"},
		"an access key":    {[]string{"--profile", testAccessKey}, "looks like a key"},
		"a secret key":     {[]string{"--profile", testSecretKey}, "looks like a key"},
		"another's key":    {[]string{"--profile", "AKIAIOSFODNN7" + "EXAMPLE"}, "looks like a key"},
		"a region":         {[]string{"--source-region", "US East"}, "us-east-1"},
		"services":         {[]string{"--services", `{"ocr":1}`}, "--services"},
		"no services file": {[]string{"--services", "@nosuch.json"}, "nosuch.json"},
		"a bucket":         {[]string{"--destination-bucket", "My Bucket"}, "--destination-bucket"},
		"a rate":           {[]string{"--rate", "fast"}, "--rate"},
		"a relative queue": {[]string{"--queue", "q.db"}, "absolute"},
		"an argument":      {[]string{"m.csv"}, "no arguments"},
	} {
		got := r.run(append(good[:len(good):len(good)], c.args...)...).want(t, exit.Usage).says(t, c.says)
		if strings.Contains(got.stdout+got.stderr, password) || strings.Contains(got.stderr, "AKIAIOS") {
			t.Errorf("%s: it repeats a secret: %s", name, got.stderr)
		}
		r.secretless(name, got)
	}
	r.run(append(good, "--source-region", "?", "--rate", "fast")...).want(t, exit.Usage).says(t, "--source-region", "--rate")
	r.notConfigured(path)
	// What may be right is written, with a warning.
	r.run(append(good, "--air-url", "https://127.0.0.1:1", "--services", "ocrr", "--profile", "later")...).want(t, exit.OK).says(t, "nothing answers there", "the nearest that it knows is ocr", "no profile")
	configured(t, path)
}

// Where the file cannot be written, that is said with what to do, and nothing is left.
func TestInitWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.bare()
	good := []string{"init", "--yes", "--air-url", r.url, "--services", "ocr", "--destination-bucket", "results"}
	run := func(code int, says string, more ...string) {
		t.Helper()
		r.run(append(good[:len(good):len(good)], more...)...).want(t, code).says(t, says, "--config")
	}
	file := r.file("file", "")
	run(exit.Usage, "not a directory", "--config", filepath.Join(file, "sub", "c.toml"))
	run(exit.Usage, "is a directory", "--config", r.dir)
	if os.Getuid() == 0 {
		run(exit.Unexpected, "nothing was written", "--config", "/proc/nosuch/c.toml")
	}
	r.setenv("HOME", "relative") // and so no home at all
	run(exit.Usage, "HOME is not set", "--queue", "/var/q.db")
	r.setenv("HOME", "")
	run(exit.Usage, "HOME is not set", "--queue", "/var/q.db")
	config := filepath.Join(r.dir, "c.toml")
	r.run(append(good, "--config", config)...).want(t, exit.Usage).says(t, "--queue") // which has no place either
	r.run(append(good, "--config", config, "--queue", "/var/q.db")...).want(t, exit.OK)
	if got := configured(t, config); got["queue"] != "/var/q.db" {
		t.Errorf("got %v", got)
	}
}
