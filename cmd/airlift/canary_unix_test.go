//go:build unix

package main

import (
	"strings"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Beside serve, the sample is chosen and judged by serve, with the settings of the run that asks; the next runs end the same way,
// until the user lets the rest be sent.
func TestCanaryBesideServe(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Lifecycle: airtest.Duration(time.Millisecond), FailKeys: []string{"clip=UNSUPPORTED_CODEC"}}})
	p := r.serving()
	args := []string{"run", r.manifest("archive.csv", 40), "--batch", "b", "--canary", "5"}
	r.run(args...).want(t, exit.Failures).says(t, "5 of the 5 items of the canary sample failed", "5: UNSUPPORTED_CODEC", "airlift resume")
	r.run(args...).want(t, exit.Failures).says(t, "5 of the 5 items")
	if n := r.air.Posts(); n != 5 {
		t.Errorf("AiR got %d POSTs, want those of the sample", n)
	}
	r.run("resume", "b").want(t, exit.OK)
	eventually(t, "the rest is sent", func() bool { return r.statuses()["b"].Submitted == 40 })
	detached := append([]string{}, args...)
	detached[3] = "c"
	r.run(append(detached, "--detach", "--canary-max-failed", "5")...).want(t, exit.OK)
	eventually(t, "the sample passes, and the rest is sent", func() bool { return r.statuses()["c"].Submitted == 40 })
	if text := r.run("status", "c").stdout; !strings.Contains(text, "5 failed: the rest is sent") {
		t.Errorf("status says:\n%s", text)
	}
	p.end(t)
	r.oneJobEach()
}
