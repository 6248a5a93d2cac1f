package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"airlift/cmd/airlift/doctor"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/settings"
	"airlift/worker/air/airtest"
)

// shown runs `airlift config show --json`, and returns the view and its settings by name.
func (r *rig) shown(code int, args ...string) (v settings.View, byName map[string]settings.Setting) {
	r.t.Helper()
	got := r.run(append([]string{"config", "show", "--json"}, args...)...).want(r.t, code)
	r.secretless("config show", got)
	if err := json.Unmarshal([]byte(got.stdout), &v); err != nil {
		r.t.Fatalf("%v in %s", err, got.stdout)
	}
	byName = map[string]settings.Setting{}
	for _, s := range v.Settings {
		byName[s.Name] = s
	}
	return v, byName
}

// Each value is shown with the place that it came from.
func TestConfigShowTellsWhereEachValueCameFrom(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	file := r.config("rate = \"9/s\"\nworkers = 3\npriority = 4\ninclude = [\"*.mov\", \"a b\"]\n[[rule]]\nmatch = \"*.pdf\"\nservices = \"ocr\"\n")
	r.setenv("AIRLIFT_RATE", "")
	r.setenv("AIRLIFT_WORKERS", "5")
	v, got := r.shown(exit.OK, "run", "--priority", "7", "m.csv")
	for name, want := range map[string]settings.Setting{
		"rate":     {Value: "9/s", From: "config_file", Place: file},
		"workers":  {Value: "5", From: "environment", Place: "AIRLIFT_WORKERS"},
		"priority": {Value: "7", From: "command_line"},
		"timeout":  {Value: "30s", From: "default"},
		"queue":    {Value: r.queue, From: "environment", Place: "AIRLIFT_QUEUE"},
	} {
		want.Name = name
		if s := got[name]; s.Name != want.Name || s.Value != want.Value || s.From != want.From || s.Place != want.Place {
			t.Errorf("got %+v, want %+v", s, want)
		}
	}
	if s := got["include"]; !slices.Equal(s.Values, []string{"*.mov", "a b"}) {
		t.Errorf("include: got %+v", s)
	}
	if v.Command != "run" || v.ConfigFile != file || !v.Found || v.Rules != 1 || len(v.Problems) > 0 {
		t.Errorf("got %+v", v)
	}
	if _, there := got["empty-400-key"]; there {
		t.Error("run shows a setting of sandbox")
	}

	all, got := r.shown(exit.OK)
	if s := got["give-up"]; all.Command != "" || s.Value != "12h0m0s" || !strings.Contains(s.Remark, "reconcile: 30m0s") || got["page-cap"].Name == "" {
		t.Errorf("all settings: %+v", s)
	}
	r.setenv("AIRLIFT_QUEUE", "")
	if _, got = r.shown(exit.OK, "status"); got["queue"].Value != filepath.Join(r.dir, ".local/state/airlift/queue.db") {
		t.Errorf("the default queue: %+v", got["queue"])
	}
	r.run("config", "show", "run", "--priority", "7").want(t, exit.OK).says(t, "priority            7 ", "command line", "config file", "****CESS")
	r.unsent()
	r.noQueue()
}

// Of the credentials only the place and the end of the access key are shown, and no value gives one away.
func TestConfigShowHidesSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	v, _ := r.shown(exit.OK)
	if c := v.Credentials; c.AccessKey != "****CESS" || !strings.Contains(c.From, "WASABI_ACCESS_KEY") || c.Temporary {
		t.Errorf("got %+v", c)
	}
	r.awsFiles("[media]\naws_access_key_id = " + testAccessKey + "\naws_secret_access_key = " + testSecretKey + "\naws_session_token = " + sessionToken + "\n")
	credentials := filepath.Join(r.dir, ".aws/credentials")
	if err := os.Chmod(credentials, 0o644); err != nil {
		t.Fatal(err)
	}
	// A URL with a password, a variable and a batch that are a secret by mistake.
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", "https://user:password@s3.example.com/?token="+sessionToken)
	r.setenv("AIRLIFT_BATCH", testSecretKey)
	r.setenv("AIRLIFT_SECRET_KEY", testSecretKey)
	v, got := r.shown(exit.OK, "run", "--profile", "media")
	if c := v.Credentials; c.From != `profile "media" of `+credentials || !c.Temporary || len(v.Warnings) != 2 {
		t.Errorf("got %+v, warnings %q", c, v.Warnings)
	}
	if s := got["source-endpoint"]; s.Value != "https://REDACTED@s3.example.com/?REDACTED" {
		t.Errorf("got %+v", s)
	}
	text := r.run("config", "show", "run", "--profile", "media").want(t, exit.OK).says(t, "chmod 600", "temporary")
	r.secretless("config show", text)
	if strings.Contains(text.stdout+text.stderr, sessionToken) || strings.Contains(text.stdout, "password@") {
		t.Error("the session token is shown")
	}
	// The path of a webhook is its key.
	if _, got = r.shown(exit.OK, "run", "--notify", "https://hooks.example.com/services/"+sessionToken); got["notify"].Value != "https://hooks.example.com/REDACTED" {
		t.Errorf("got %+v", got["notify"])
	}
	v, _ = r.shown(exit.OK, "run", "--profile", "none")
	if !strings.Contains(v.Credentials.Error, "check --profile") {
		t.Errorf("got %+v", v.Credentials)
	}
}

// Keys in files are named as such.
func TestConfigShowWithKeysInFiles(t *testing.T) {
	t.Parallel()
	r, _, m := healthy(t, airtest.Config{})
	r.setenv("WASABI_ACCESS_KEY", "")
	r.setenv("WASABI_SECRET_KEY", "")
	keys := t.TempDir()
	for name, value := range map[string]string{"ACCESS": testAccessKey, "SECRET": testSecretKey} {
		path := filepath.Join(keys, name)
		if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r.setenv("WASABI_"+name+"_KEY_FILE", path)
	}
	r.setenv("AIRLIFT_BATCH", testSecretKey)
	v, got := r.shown(exit.OK, "run")
	if v.Credentials.From != "the files of WASABI_ACCESS_KEY_FILE and WASABI_SECRET_KEY_FILE" || v.Credentials.AccessKey != "****CESS" || got["batch"].Value != "REDACTED" {
		t.Errorf("got %+v and %+v", v.Credentials, got["batch"])
	}
	r.examined(exit.OK, m)
}

// A setting of an account is shown as such, with the account's keys; the other account's are not asked for.
func TestConfigShowAndDoctorOfAnAccount(t *testing.T) {
	t.Parallel()
	r, _, m := healthy(t, airtest.Config{})
	r.setenv("AIRLIFT_RATE", "")
	r.setenv("AIRLIFT_AIR_URL", "")
	r.setenv("WASABI_ACCESS_KEY", "")
	r.setenv("WASABI_SECRET_KEY", "")
	r.awsFiles("[old]\naws_access_key_id = " + testAccessKey + "\naws_secret_access_key = " + testSecretKey + "\n")
	file := r.config("rate = \"3/s\"\nworkers = 2\n[account.archive]\nair-url = \"" + r.url + "\"\nrate = \"7/s\"\nprofile = \"old\"\n")
	for _, args := range [][]string{{"--account", "archive", "run"}, {"run", "--account", "archive"}} {
		v, got := r.shown(exit.OK, args...)
		if s := got["rate"]; s.Value != "7/s" || s.From != "account" || s.Place != file || s.Account != "archive" || got["workers"].From != "config_file" {
			t.Errorf("%q: got %+v", args, s)
		}
		if !strings.Contains(v.Credentials.From, `profile "old"`) || !slices.Equal(v.Accounts, []string{"default", "archive"}) {
			t.Errorf("%q: got %+v, accounts %q", args, v.Credentials, v.Accounts)
		}
	}
	if v, _ := r.shown(exit.Usage, "--account", "archvie"); len(v.Problems) != 1 || !strings.Contains(v.Problems[0], "is archive meant?") {
		t.Errorf("got %q", v.Problems)
	}
	found := r.examined(exit.OK, m, "--account", "archive")
	if found["AiR"].Result != doctor.OK || !strings.Contains(found["credentials"].Text, `profile "old"`) || !strings.Contains(found["limits"].Text, "7/s") {
		t.Errorf("got %+v", found)
	}
	r.run("doctor", "--account", "archvie").want(t, exit.Usage).says(t, "is archive meant?")
}

// Wrong settings are shown with the rest, and told apart by the exit code.
func TestConfigShowWithWrongSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, says string }{
		"unknown":  {"wrokers = 3\nrate = \"9/s\"\n", `there is no setting "wrokers"; is workers meant?`},
		"secret":   {"secret-key = \"s3cret-value\"\n", `there is no setting "secret-key"`},
		"broken":   {"rate = \n", "read the config file"},
		"type":     {"workers = \"many\"\n", `workers = "many"`},
		"bad rule": {"[[rule]]\nmtach = \"*.pdf\"\n", "mtach"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.config(c.file)
			v, got := r.shown(exit.Usage, "run")
			if len(v.Problems) != 1 || !strings.Contains(v.Problems[0], c.says) || got["timeout"].Value != "30s" {
				t.Errorf("got %q, want %q", v.Problems, c.says)
			}
			r.secretless("config show", r.run("config", "show").want(t, exit.Usage).says(t, c.says, "timeout"))
			if strings.Contains(fmt.Sprint(v), "s3cret-value") {
				t.Error("the value of an unknown setting is shown")
			}
		})
	}
}

func TestConfigAloneAndMisspeltCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	if got := r.run("config").want(t, exit.OK); !strings.Contains(got.stdout, "airlift config show") {
		t.Errorf("config alone shows %s", got.stdout)
	}
	for line, says := range map[string]string{
		"stats":                      `there is no command "stats": did you mean status?`,
		"rnu m.csv":                  "did you mean run?",
		"nonsense":                   "`airlift --help` lists the commands",
		"config shwo":                "did you mean show?",
		"config show rnu":            "did you mean run?",
		"config show run --nonsense": "`airlift run --help`",
	} {
		r.run(strings.Fields(line)...).want(t, exit.Usage).says(t, says)
	}
	r.run("help", "settings").want(t, exit.OK).says(t, "XDG_CONFIG_HOME")
}
