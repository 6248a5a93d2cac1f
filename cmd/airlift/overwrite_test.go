package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// No command replaces a file that it reads or keeps, by whatever name or link, and nothing is read or sent.
func TestNoFileInUseIsReplaced(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 2)
	r.run("enqueue", m, "--batch", "b").want(t, exit.OK)
	r.file("more.txt", "reel/more.mov\n")
	r.file("globs", "*.mov\n")
	r.file("services", "ocr")
	r.file("config.toml", "workers = 2\n")
	r.file("keys", "[default]\n")
	r.setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(r.dir, "keys"))
	if err := os.Mkdir(filepath.Join(r.dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"soft.csv": "queue.db", "lock.csv": "queue.db.lock", "sub/soft.csv": "../m.csv"} {
		if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"hard.csv": "queue.db", "config.csv": "config.toml"} {
		if err := os.Link(filepath.Join(r.dir, target), filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	before := r.files()
	run := []string{"run", "m.csv", "more.txt", "--source-bucket", "archive", "--batch", "b", "--include-from", "globs", "--services", "@services", "--config", "config.toml"}
	for what, names := range map[string][]string{
		"the queue": {"queue.db", "./sub/../queue.db", "soft.csv", "hard.csv"}, "the queue's lock file": {"queue.db.lock", "lock.csv"},
		"the queue's status file": {"queue.db.status.json"}, "a SOURCE": {"m.csv", "more.txt", "sub/soft.csv"},
		"the file of --include-from": {"globs"}, "the file of --services": {"services"}, "the config file": {"config.toml", "config.csv"},
		"a file of AWS credentials": {"keys"},
	} {
		for _, name := range names {
			r.run(append(run, "--report", name)...).want(t, exit.Usage).says(t, "--report "+name, "would replace "+what)
			if strings.HasPrefix(what, "the queue") || what == "a file of AWS credentials" {
				r.run("report", "b", "-o", name).want(t, exit.Usage).says(t, "--output "+name, "would replace "+what)
				r.run("submit", "b", "--report", name).want(t, exit.Usage).says(t, "would replace "+what)
			}
		}
	}
	for name, what := range map[string]string{"m.csv": "a SOURCE", "soft.csv": "the queue", "hard.csv": "the queue", "config.csv": "the config file", "sub/soft.csv": "a SOURCE"} {
		r.run("plan", "m.csv", "--batch", "b", "--config", "config.toml", "--save", name).want(t, exit.Usage).says(t, "--save "+name, "would replace "+what)
	}
	after := r.files()
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s was changed", name)
		}
	}
	r.unsent()
	r.run("check").want(t, exit.OK)
	// A report is no source of the run that writes it, be it there already or not.
	for range 2 {
		r.run("run", "*.csv", "--batch", "glob", "--report", "end.csv").want(t, exit.Usage).says(t, "end.csv", "SOURCE")
		r.file("end.csv", "bucket,key\narchive,a.mov\n")
	}
	// What standard input reads, and the file under whose name a report is written first, are sources too.
	p := r.command("run", "-", "--format", "csv", "--batch", "in", "--report", "m.csv")
	in, err := os.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p.Stdin = in
	if out, _ := p.CombinedOutput(); p.ProcessState.ExitCode() != exit.Usage || !strings.Contains(string(out), "what standard input reads") {
		t.Errorf("standard input: exit %d, %s", p.ProcessState.ExitCode(), out)
	}
	r.file("r.csv.airlift-tmp", goodCSV)
	r.run("run", "r.csv.airlift-tmp", "--format", "csv", "--batch", "tmp", "--report", "r.csv").want(t, exit.Usage).says(t, "a SOURCE")
	// A config file that a run's status would replace.
	r.file("queue.db.status.json", "workers = 2\n")
	r.run("run", "m.csv", "--batch", "b", "--config", "queue.db.status.json").want(t, exit.Usage).says(t, "the config file and the queue's status file")
	// Devices are never replaced.
	r.run("run", "m.csv", "--batch", "b", "--config", os.DevNull, "--report", os.DevNull).want(t, exit.OK)
}

// A file that is read as a whole is bounded: a device has no end.
func TestSmallFilesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 1)
	large := r.file("large", "# "+strings.Repeat("x", 1<<20))
	for _, path := range []string{large, "/dev/zero"} {
		if _, err := os.Stat(path); err != nil {
			continue // no such device here
		}
		r.run("run", m, "--services", "@"+path).want(t, exit.Usage).says(t, "--services", path, "more than 1 MiB")
		r.run("submit", "--services", "@"+path).want(t, exit.Usage).says(t, "more than 1 MiB")
		r.run("run", m, "--config", path).want(t, exit.Usage).says(t, "the config file "+path, "more than 1 MiB")
		for _, variable := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
			r.setenv(variable, path)
			r.run("run", m, "--profile", "p").want(t, exit.Usage).says(t, path, "more than 1 MiB")
			r.setenv(variable, "")
		}
	}
	r.run("run", m, "--include-from", "/dev/zero").want(t, exit.Usage).says(t, "no list of patterns")
	r.unsent()
}
