package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// answer waits for a question after from bytes, and types an answer. It returns how many bytes were shown.
func (p *onTerminal) answer(from int, question, line string) int {
	p.r.t.Helper()
	n := p.shows(question, from)
	_, _ = p.master.WriteString(line + "\n")
	return n
}

// On a terminal each answer is checked at once, Enter takes the default, and the file is written at the end.
func TestInitOnATerminal(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	path := r.bare()
	r.awsFiles("[media]\naws_access_key_id = " + testAccessKey + "\naws_secret_access_key = " + testSecretKey + "\n")
	p := r.startOnTerminal("init", "--destination-region", "eu-1")
	n := p.answer(0, "base URL of your AiR", "air.example.com")
	n = p.answer(n, "base URL of your AiR", "") // after the refusal; an answer is needed
	n = p.answer(n, "base URL of your AiR", "https://127.0.0.1:1")
	n = p.answer(n, "Keep https://127.0.0.1:1 all the same? y, n, or another answer [n]", "")
	n = p.answer(n, "base URL of your AiR", r.url)
	n = p.answer(n, "The profile", testSecretKey[:1]+"nosuch")
	n = p.answer(n, "all the same?", "n")
	n = p.answer(n, "The profile", "media")
	n = p.answer(n, "the buckets that are read [us-east-1]", "eu-central-1")
	n = p.answer(n, "The services", "ocr,s2tt")
	p.shows("the nearest that it knows is s2t", n)
	n = p.answer(n, "Keep ocr,s2tt all the same?", "ocr, s2t") // which is the new answer
	n = p.answer(n, "writes its results to", "results")
	n = p.answer(n, "requests a second", "")
	n = p.answer(n, "file of the queue, on a local disk that survives a reboot ["+filepath.Join(r.dir, ".local/state/airlift/queue.db")+"]", "")
	p.shows("rate = \"5/s\"", n)
	r.notConfigured(path)
	p.answer(n, "Write this to "+path, "")
	p.ends(exit.OK)
	shown := p.sent("airlift run --dry-run")
	for _, says := range []string{"expected https://HOST", "an answer is needed", "nothing answers there", "no profile", "airlift doctor"} {
		if !strings.Contains(shown, says) {
			t.Errorf("it does not say %q:\n%s", says, shown)
		}
	}
	if found := secretsIn(shown); found != nil {
		t.Errorf("it shows %q", found)
	}
	got := configured(t, path)
	if got["profile"] != "media" || got["source-region"] != "eu-central-1" || got["destination-region"] != "eu-1" || got["queue"] != nil || got["services"] != "ocr, s2t" {
		t.Errorf("the file has %v", got)
	}
	r.secretless("init", result{})

	// A second time its values are the defaults. Without --force nothing changes, and no as the last answer changes nothing either.
	before, _ := os.ReadFile(path)
	p = r.startOnTerminal("init", "--force", "--rate", "9/s")
	n = 0
	for _, q := range []string{"base URL of your AiR, such as https://air.example.com [" + r.url + "]", "[media]", "[eu-central-1]", "[ocr, s2t]", "[results]", "[eu-1]", "[" + r.dir} {
		n = p.answer(n, q, "")
	}
	p.answer(n, "Write this", "n")
	p.ends(exit.Usage)
	if after, _ := os.ReadFile(path); string(after) != string(before) || !strings.Contains(p.sent("as you said"), "+rate = \"9/s\"") {
		t.Errorf("the file has\n%s\nshown was\n%s", after, p.out.String())
	}
}

// Ctrl-C, a signal or the end of the input at a question: nothing is written, and the terminal is as it was.
func TestInitIsInterrupted(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	path := r.bare()
	for name, c := range map[string]struct {
		end  func(*onTerminal)
		code int
	}{
		"Ctrl-C":   {func(p *onTerminal) { _, _ = p.master.WriteString("\x03") }, exit.WorkLeft},
		"a signal": {func(p *onTerminal) { _ = p.cmd.Process.Signal(syscall.SIGTERM) }, exit.WorkLeft},
		"Ctrl-D":   {func(p *onTerminal) { _, _ = p.master.WriteString("\x04") }, exit.Usage},
	} {
		for _, at := range []string{"base URL", "Write this"} {
			args := []string{"init"}
			if at == "Write this" {
				args = append(args, "--air-url", r.url, "--profile", "-", "--services", "ocr", "--source-region", "a-1", "--destination-bucket", "results", "--destination-region", "a-1", "--rate", "1/s", "--queue", "/var/q.db")
			}
			p := r.startOnTerminal(args...)
			p.shows(at, 0)
			c.end(p)
			p.ends(c.code)
			if t.Failed() {
				t.Fatalf("%s at %q", name, at)
			}
		}
	}
	r.notConfigured(path)
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("the folder of the config file was made")
	}
}
