package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// deployed is a rig whose settings and keys are in files, where the examples of the folder deploy have them.
type deployed struct {
	*rig
	replace *strings.Replacer
}

// newDeployed returns one for the paths and specifiers of the examples.
func newDeployed(t *testing.T, c airtest.Config) *deployed {
	t.Helper()
	r := newRig(t, c)
	r.manifest("archive.csv", 5)
	r.file("config.toml", fmt.Sprintf("air-url = %q\nservices = \"ocr\"\ndestination-bucket = \"results\"\ndestination-region = \"us-east-1\"\nrate = \"unlimited\"\nsettle = \"500ms\"\n", r.url))
	r.file("access-key", testAccessKey+"\n")
	r.file("secret-key", testSecretKey+"\n")
	return &deployed{r, strings.NewReplacer("/usr/local/bin/airlift", r.binary, "/srv/exports", r.dir, "/etc/airlift", r.dir, "%d", r.dir, "%S/airlift", r.dir)}
}

// example returns a file of the folder deploy, with paths of this machine.
func (d *deployed) example(name string) string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join("deploy", name))
	if err != nil {
		d.t.Fatal(err)
	}
	return d.replace.Replace(string(text))
}

// unit returns the settings of a unit of systemd by name.
func (d *deployed) unit(name string) map[string][]string {
	d.t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(d.example(name)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			all[key] = append(all[key], value)
		}
	}
	return all
}

// The lines of the crontab, as cron runs them: by a shell, in a poor environment. They mail nothing when all is well.
func TestTheCrontab(t *testing.T) {
	t.Parallel()
	d := newDeployed(t, airtest.Config{})
	for _, folder := range []string{".config/airlift", ".aws"} {
		if err := os.MkdirAll(filepath.Join(d.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(d.dir, "config.toml"), filepath.Join(d.dir, ".config/airlift/config.toml")); err != nil {
		t.Fatal(err)
	}
	d.file(".aws/credentials", fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", testAccessKey, testSecretKey))
	var commands []string
	for line := range strings.Lines(d.example("crontab")) {
		if fields := strings.SplitN(strings.TrimSpace(line), " ", 6); len(fields) == 6 && !strings.HasPrefix(line, "#") && !strings.Contains(fields[0], "=") {
			commands = append(commands, fields[5])
		}
	}
	if len(commands) != 2 {
		t.Fatalf("the crontab has %d commands, want 2", len(commands))
	}
	for i, wantsMail := range []bool{false, true} {
		cmd := exec.Command("/bin/sh", "-c", commands[i])
		cmd.Dir, cmd.Env = d.dir, []string{"HOME=" + d.dir, "PATH=/usr/bin:/bin", "SHELL=/bin/sh", "LOGNAME=media", "GORACE=atexit_sleep_ms=0"}
		out, err := cmd.CombinedOutput()
		if err != nil || (len(out) > 0) != wantsMail {
			t.Errorf("%s: %v, and it mails %q", commands[i], err, out)
		}
	}
	if d.air.Accepted() != 5 {
		t.Errorf("AiR has %d jobs, want 5", d.air.Accepted())
	}
}

// systemd itself finds nothing wrong with the units, and that the services may do little.
func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze")
	}
	d := newDeployed(t, airtest.Config{})
	names := []string{"airlift.service", "airlift-nightly.service", "airlift-nightly.timer"}
	for _, name := range names {
		d.file(name, d.example(name))
	}
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(analyze, args...)
		cmd.Dir = d.dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("systemd-analyze %v: %v\n%s", args, err, out)
		}
		if args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %v: %s", args, out)
		}
	}
	run("verify", "./"+names[0], "./"+names[1], "./"+names[2])
	for _, name := range names[:2] {
		run("security", "--offline=true", "--threshold=20", "./"+name) // an exposure of 2.0 of 10
	}
}

// startUnit starts the command of a unit with what systemd sets for it.
func (d *deployed) startUnit(name, socket string) *process {
	d.t.Helper()
	unit := d.unit(name)
	d.env = append(slices.Clone(unit["Environment"]), "HOME="+d.dir, "PATH=/usr/bin:/bin", "USER=airlift", "LOGNAME=airlift", "SHELL=/usr/sbin/nologin",
		"INVOCATION_ID=0123456789abcdef", "STATE_DIRECTORY="+d.dir, "CREDENTIALS_DIRECTORY="+d.dir, "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=60000000", "GORACE=atexit_sleep_ms=0")
	words := strings.Fields(unit["ExecStart"][0])
	if words[0] != d.binary {
		d.t.Fatalf("%s runs %q", name, words)
	}
	return d.start(words[1:]...)
}

// The service tells systemd when it is ready, sends what the nightly run hands it, and stops on SIGTERM within its time. The
// nightly run works alone too, with keys that are in files.
func TestTheUnitsRun(t *testing.T) {
	t.Parallel()
	d := newDeployed(t, airtest.Config{})
	path := filepath.Join(shortDir(t), "notify")
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { told.Close() })
	awaitTold := func(want string) {
		t.Helper()
		_ = told.SetReadDeadline(time.Now().Add(patience))
		for b := make([]byte, 4096); ; {
			n, err := told.Read(b)
			if err != nil {
				t.Fatalf("systemd is not told %s: %v", want, err)
			}
			if strings.Contains(string(b[:n]), want) {
				return
			}
		}
	}
	if got := d.startUnit("airlift-nightly.service", "").wait().want(t, exit.OK); got.stdout+got.stderr != "" {
		t.Errorf("a good night prints %s%s", got.stdout, got.stderr)
	}
	service := d.startUnit("airlift.service", path)
	awaitTold("READY=1")
	d.manifest("archive.csv", 9)
	d.startUnit("airlift-nightly.service", "").wait().want(t, exit.OK)
	service.signal(syscall.SIGTERM)
	awaitTold("STOPPING=1")
	service.wait().want(t, exit.OK)
	if d.air.Accepted() != 9 {
		t.Errorf("AiR has %d jobs, want 9", d.air.Accepted())
	}
	d.oneJobEach()
}

// Keys that are in files: half a pair, an empty file, or one that is missing is named, and no key is shown.
func TestKeysInFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 1)
	r.setenv("WASABI_SECRET_KEY_FILE", r.file("s", testSecretKey+"\n"))
	r.run("run", m).want(t, exit.Usage).says(t, "WASABI_SECRET_KEY and WASABI_SECRET_KEY_FILE are both set")
	r.setenv("WASABI_SECRET_KEY", "")
	r.run("run", m).want(t, exit.OK)
	r.setenv("WASABI_ACCESS_KEY", "")
	r.run("run", m).want(t, exit.Usage).says(t, "WASABI_ACCESS_KEY is not")
	r.setenv("WASABI_ACCESS_KEY_FILE", r.dir+"/missing")
	r.run("run", m).want(t, exit.Usage).says(t, "WASABI_ACCESS_KEY_FILE", "missing")
	r.setenv("WASABI_ACCESS_KEY_FILE", r.file("a", " \n"))
	r.run("run", m).want(t, exit.Usage).says(t, "is empty")
	r.file("a", testAccessKey)
	r.run("run", m).want(t, exit.OK)
	r.settled(1)
}
