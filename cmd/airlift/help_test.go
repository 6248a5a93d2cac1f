package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Every command explains itself with an example; those that work also with their exit codes.
func TestHelp(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	root := r.run("help").want(t, exit.OK)
	if dashed := r.run("--help").want(t, exit.OK); dashed.stdout != root.stdout {
		t.Error("help and --help differ")
	}
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) {2,}\S`).FindAllStringSubmatch(root.stdout, -1) {
		found = append(found, m[1])
	}
	listed := " " + strings.Join(found, " ") + " "
	for _, name := range strings.Fields("run plan enqueue submit status resume items show report retry cancel reconcile sandbox check compact version completion") {
		if !strings.Contains(listed, " "+name+" ") {
			t.Errorf("help does not list %s:\n%s", name, root.stdout)
		}
		got := r.run(name, "--help").want(t, exit.OK)
		if name == "completion" {
			continue // cobra's own text
		}
		for _, want := range []string{"Usage:\n  airlift " + name, "Examples:\n  airlift " + name, "Exit codes:", "--queue"} {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("%s --help lacks %q:\n%s", name, want, got.stdout)
			}
		}
		if got.stderr != "" {
			t.Errorf("%s --help writes to standard error: %s", name, got.stderr)
		}
	}
	r.noQueue()
}

// The ids of batches in the examples are those that airlift makes, or that an example gives by --batch.
func TestHelpNamesBatchesAsTheyAre(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("archive.csv", 1)).want(t, exit.OK)
	made := regexp.MustCompile(`^[a-z0-9]+-[0-9a-f]{8}$`)
	if id := r.status().Batch; !made.MatchString(id) || !strings.HasPrefix(id, "archive-") {
		t.Errorf("the batch of archive.csv is %q", id)
	}
	given := r.run("run", "--help").stdout
	found := 0
	for _, command := range strings.Fields("status submit reconcile items show report retry cancel adopt") {
		_, help, _ := strings.Cut(r.run(command, "--help").want(t, exit.OK).stdout, "Examples:")
		for _, m := range regexp.MustCompile(`(?m)^  airlift `+command+` ([^- ]\S*)`).FindAllStringSubmatch(help, -1) {
			found++
			if !made.MatchString(m[1]) && !strings.Contains(given, "--batch "+m[1]) {
				t.Errorf("%s --help names the batch %q, which airlift does not make", command, m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("%d examples name a batch, want more", found)
	}
}

// The help of sandbox names every fault and says what it does, and every fault can be asked for.
func TestSandboxHelpExplainsTheFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	help := r.run("sandbox", "--help").want(t, exit.OK).stdout
	for _, kind := range airtest.Kinds() {
		if line := fmt.Sprintf("  %-13s %s\n", kind, airtest.About(kind)); !strings.Contains(help, line) {
			t.Errorf("sandbox --help lacks %q:\n%s", line, help)
		}
	}
	for _, flag := range strings.Fields("--empty-400-key --retry-after --page-cap --null-pages --turning-ties --retention") {
		if !strings.Contains(help, flag) {
			t.Errorf("sandbox --help lacks %s", flag)
		}
	}
	for _, line := range []string{"--page-cap 101", "--turning-ties -1s", "--retention -1s", "--retry-after -1s"} {
		r.run(append([]string{"sandbox", "--listen", "127.0.0.1:0"}, strings.Fields(line)...)...).want(t, exit.Usage)
	}
}

func TestVersionAndCompletion(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	if got := r.run("version").want(t, exit.OK); !regexp.MustCompile(`^airlift \S+ \(go1\.\d+`).MatchString(got.stdout) {
		t.Errorf("version: got %q", got.stdout)
	}
	if got, want := r.run("--version").want(t, exit.OK), r.run("version"); got != want {
		t.Errorf("--version: got %+v, want %+v", got, want)
	}
	r.run("--version", "x").want(t, exit.Usage).says(t, `no command "x"`)
	r.run("run", "--version").want(t, exit.Usage).says(t, "--version")
	for _, shell := range []string{"bash", "zsh", "fish"} {
		r.run("completion", shell).want(t, exit.OK).says(t, "airlift", "complet")
	}
	r.run("completion", "nosuch").want(t, exit.Usage).says(t, "nosuch", "bash, zsh")
}

// A command line that makes no sense exits with 2 and says where help is to be had.
func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	for line, says := range map[string]string{
		"rnu m.csv": `no command "rnu"`, "--nonsense": "--nonsense", "status --nonsense": "airlift status --help", "report": "wants one BATCH", "report a b": `wants one BATCH, not ["a" "b"]`,
		"items": "wants one BATCH", "status a b": "one BATCH at most", "reconcile a b": "one BATCH at most", "check x": `not ["x"]`, "resume a b": "one BATCH at most", "compact x": `not ["x"]`,
		"version x": `not ["x"]`, "cancel b": "--all", "retry b --state pending": "--state pending", "items b --state lost": "--state", "cancel b --key [": "--key",
		"adopt b m.csv --preflight": "--preflight", "sandbox --listen 0.0.0.0:0": "loopback", "sandbox --faults nonsense=1": "--faults", "sandbox x": `not ["x"]`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			r.run(strings.Fields(line)...).want(t, exit.Usage).says(t, says)
		})
	}
}
