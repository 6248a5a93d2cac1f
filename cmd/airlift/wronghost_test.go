package main

import (
	"strings"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// A host that does not exist, or where nobody listens, is waited for; the progress says why nothing gets on, and forecasts
// nothing.
func TestWrongHostIsNamedInTheProgress(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"no such host": "https://air.invalid", "connection refused": "http://127.0.0.1:1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			p := r.start("run", r.manifest("m.csv", 2), "--air-url", url, "--stats", "100ms")
			line := ""
			eventually(t, "the progress gives the reason", func() bool {
				for l := range strings.Lines(p.err.String()) {
					if strings.Contains(l, "progress") && strings.Contains(l, "reason=") {
						line = l
					}
				}
				return line != ""
			})
			if !strings.Contains(line, "AiR does not answer") || !strings.Contains(line, strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://")) || strings.Contains(line, "eta=") {
				t.Errorf("the progress: %s", line)
			}
			p.signal(syscall.SIGTERM)
			p.wait().want(t, exit.WorkLeft)
		})
	}
}
