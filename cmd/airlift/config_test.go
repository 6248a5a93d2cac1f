package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// config writes the config file at its default place and returns its path.
func (r *rig) config(content string) string {
	r.t.Helper()
	dir := filepath.Join(r.dir, ".config", "airlift")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	return r.file(".config/airlift/config.toml", content)
}

// A flag beats the environment, which beats the config file, which beats the default: for each setting by itself.
func TestFlagBeatsEnvironmentBeatsFile(t *testing.T) {
	t.Parallel()
	type fields struct {
		services, bucket, region string
		priority                 int
	}
	const file = "services = \"face\"\npriority = 3\ndestination-bucket = \"from-file\"\ndestination_region = \"file-1\"\n"
	env := map[string]string{"AIRLIFT_SERVICES": "ocr", "AIRLIFT_PRIORITY": "5", "AIRLIFT_DESTINATION_BUCKET": "from-env", "AIRLIFT_DESTINATION_REGION": "env-1"}
	cases := []struct {
		name string
		env  []string
		args []string
		want fields
	}{
		{"file alone", nil, nil, fields{`{"face":""}`, "from-file", "file-1", 3}},
		{"environment", []string{"AIRLIFT_SERVICES", "AIRLIFT_PRIORITY"}, nil, fields{`{"ocr":""}`, "from-file", "file-1", 5}},
		{"flags", []string{"AIRLIFT_PRIORITY", "AIRLIFT_DESTINATION_BUCKET", "AIRLIFT_DESTINATION_REGION"},
			[]string{"--services", "logo", "--priority", "9", "--destination-region=flag-1"}, fields{`{"logo":""}`, "from-env", "flag-1", 9}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.config(file)
			for name := range env {
				r.setenv(name, "")
			}
			for _, name := range c.env {
				r.setenv(name, env[name])
			}
			r.run(append([]string{"run", r.manifest("m.csv", 1)}, c.args...)...).want(t, exit.OK)
			for _, j := range r.jobs() {
				if got := (fields{string(j.Services), j.Destination.Bucket, j.Destination.Region, j.Priority}); got != c.want {
					t.Errorf("job: got %+v, want %+v", got, c.want)
				}
			}
		})
	}
}

// What the settings cannot mean is said with the place where it stands, all of it at once, and nothing is done.
func TestSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, file string
		env        map[string]string
		args       []string
		says       []string
	}{
		{name: "unknown setting in the file", file: "rate = \"1/s\"\nworker = 3\n", says: []string{"config.toml", `no setting "worker"; is workers meant?`}},
		{name: "unknown settings in the file", file: "destnation_bucket = \"b\"\nall = true\n", says: []string{`no setting "destnation-bucket"; is destination-bucket meant?`, `no setting "all"`}},
		{name: "secret in the file", file: "secret-key = \"x\"\n", says: []string{`no setting "secret-key"`}},
		{name: "another file in the file", file: "config = \"other.toml\"\n", says: []string{`no setting "config"`}},
		{name: "wrong type in the file", file: "workers = \"many\"\n", says: []string{"config.toml", "workers", `"many"`}},
		{name: "table in the file", file: "[run]\nworkers = 3\n", says: []string{"config.toml", "run is a table"}},
		{name: "broken file", file: "workers = \n", says: []string{"config.toml", "line 1"}},
		{name: "environment", env: map[string]string{"AIRLIFT_WORKERS": "many", "AIRLIFT_TIMEOUT": "soon"}, says: []string{"AIRLIFT_WORKERS", `"many"`, "AIRLIFT_TIMEOUT", `"soon"`}},
		{name: "values out of range", args: []string{"--workers", "0", "--rate", "fast", "--on-daily-cap", "cry", "--max-failures", "-1"},
			says: []string{"--workers 0", "--rate", "fast", "--on-daily-cap", "cry", "--max-failures"}},
		{name: "rate of the environment", env: map[string]string{"AIRLIFT_RATE": "0/s"}, says: []string{"--rate", "0/s"}},
		{name: "priority", args: []string{"--priority", "11"}, says: []string{"--priority 11", "1 to 10"}},
		{name: "priority 0", args: []string{"--priority", "0"}, says: []string{"--priority 0", "1 to 10"}},
		{name: "priority 0 of the environment", env: map[string]string{"AIRLIFT_PRIORITY": "0"}, says: []string{"--priority 0", "1 to 10"}},
		{name: "priority 0 of the file", file: "priority = 0\n", says: []string{"--priority 0", "1 to 10"}},
		{name: "services", args: []string{"--services", `{"ocr":1}`}, says: []string{"--services", `"ocr"`}},
		{name: "no such services file", args: []string{"--services", "@nosuch.json"}, says: []string{"--services", "nosuch.json"}},
		{name: "log level", args: []string{"--log-level", "chatty"}, says: []string{"--log-level", "chatty", "debug"}},
		{name: "log format", args: []string{"--log-format", "xml"}, says: []string{"--log-format", "xml", "json"}},
		{name: "http beyond loopback", args: []string{"--air-url", "http://air.example.com"}, says: []string{"https"}},
		{name: "no URL", args: []string{"--air-url", "air.example.com"}, says: []string{"https"}},
		{name: "batch with a line break", args: []string{"--batch", "a\nb"}, says: []string{"--batch", "control character"}},
		{name: "no such config file", args: []string{"--config", "nosuch.toml"}, says: []string{"nosuch.toml"}},
		{name: "AIRLIFT_CONFIG that is not there", env: map[string]string{"AIRLIFT_CONFIG": "nosuch.toml"}, says: []string{"nosuch.toml"}},
		{name: "unknown flag", args: []string{"--wrokers", "3"}, says: []string{"--wrokers", "airlift run --help"}},
		{name: "flag without its value", args: []string{"--workers"}, says: []string{"--workers", "airlift run --help"}},
		{name: "flag of the wrong type", args: []string{"--workers", "many"}, says: []string{"--workers", "many"}},
		{name: "report as a workbook", args: []string{"--report", "r.xlsx"}, says: []string{"--report", "r.xlsx", "excel"}},
		{name: "unknown format", args: []string{"--format", "xml"}, says: []string{"--format", "xml", "csv"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			if c.file != "" {
				r.config(c.file)
			}
			for name, value := range c.env {
				r.setenv(name, value)
			}
			r.run(append([]string{"run", r.manifest("m.csv", 1)}, c.args...)...).want(t, exit.Usage).says(t, c.says...)
			r.unsent()
			r.noQueue()
		})
	}
}

func TestConfigFileOfTheEnvironment(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.config("priority = 3\n")
	r.setenv("AIRLIFT_CONFIG", r.file("mine.toml", "priority = 4\nfilter = [\"- b.*\", \"+ *.mov\", \"+ *.wav\", \"- *\"]\nstrict = true\nsettle = \"1s\"\n"))
	m := r.file("m.csv", "bucket,key\narchive,a.mov\narchive,b.mov\narchive,c.wav\narchive,d.mp4\n")
	r.run("run", m).want(t, exit.OK)
	r.submittedKeys("a.mov", "c.wav")
	for key, j := range r.jobs() {
		if j.Priority != 4 {
			t.Errorf("priority of %s: got %d, want that of AIRLIFT_CONFIG", key, j.Priority)
		}
	}
	// The command line replaces a list, and --config beats AIRLIFT_CONFIG.
	r.run("run", m, "--filter", "- *.mov", "--filter", "- *.wav", "--config", r.file("other.toml", "priority = 6\n")).want(t, exit.OK)
	if got := r.jobs()["d.mp4"].Priority; got != 6 {
		t.Errorf("priority of d.mp4: got %d, want that of --config", got)
	}
	r.submittedKeys("a.mov", "c.wav", "d.mp4")
}

// A setting of the file that another command has is no error for this one.
func TestOneConfigFileForAllCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.config("workers = 2\nlisten = \"127.0.0.1:0\"\nall-types = true\nlog-format = \"json\"\nquiet = true\n")
	r.run("run", r.manifest("m.csv", 1)).want(t, exit.OK)
	r.run("status").want(t, exit.OK)
	r.run("check").want(t, exit.OK)
}

func TestWhereTheQueueLies(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 1)
	r.setenv("AIRLIFT_QUEUE", "")
	r.run("enqueue", m).want(t, exit.OK)
	state := t.TempDir()
	r.setenv("XDG_STATE_HOME", state)
	r.run("enqueue", m).want(t, exit.OK)
	r.setenv("XDG_STATE_HOME", "relative") // the XDG specification: to be ignored
	r.run("enqueue", m).want(t, exit.OK)
	r.run("enqueue", m, "--queue", "here.db").want(t, exit.OK)
	for path, mode := range map[string]os.FileMode{
		filepath.Join(r.dir, ".local/state/airlift/queue.db"): 0o600, filepath.Join(r.dir, ".local/state/airlift"): 0o700,
		filepath.Join(state, "airlift/queue.db"): 0o600, filepath.Join(r.dir, "here.db"): 0o600,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: got %v (%v), want mode %v", path, info, err, mode)
		}
	}
	if _, err := os.Stat(filepath.Join(r.dir, "relative")); err == nil {
		t.Error("a relative XDG_STATE_HOME was used")
	}
}

// A named pipe that nobody writes to holds up no command for ever.
func TestAConfigFileThatIsAPipe(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no named pipes in folders")
	}
	r := newRig(t, airtest.Config{})
	pipe := filepath.Join(r.dir, "config.toml")
	mkfifo(t, pipe)
	r.runIn("", "status", "--config", pipe).want(t, exit.Usage).says(t, "named pipe", "name a file")
}
