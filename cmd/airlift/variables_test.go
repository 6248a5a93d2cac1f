package main

import (
	"fmt"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// A misspelt variable is named once, with the setting that is nearest, and its value is not shown.
func TestMisspeltVariables(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"AIRLIFT_DAILY_LIMT":       "is AIRLIFT_DAILY_LIMIT meant?",
		"AIRLIFT_DESTINATION":      "",
		"AIRLIFT_BUCKETS":          "",
		"AIRLIFT_SORUCE_BUCKET":    "is AIRLIFT_SOURCE_BUCKET meant?",
		"AIRLIFT_TOTAL_NONSENSE":   "",
		"AIRLIFT_ALL":              "",
		"AIRLIFT_":                 "",
		"AIRLIFT_SECRET_KEY":       "is WASABI_SECRET_KEY meant?",
		"AIRLIFT_AIR_ACCESS_KEY":   "is WASABI_ACCESS_KEY meant?",
		"AIRLIFT_SANDBOX_ACES_KEY": "is AIRLIFT_SANDBOX_ACCESS_KEY meant?",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.setenv(name, "value-of-it")
			got := r.run("run", r.manifest("m.csv", 1), "--quiet", "--json").want(t, exit.OK).says(t, "no setting of airlift", says)
			if strings.Count(got.stderr, "variable="+name+"\n") != 1 || strings.Count(got.stderr, "\n") != 1 || strings.Contains(got.stderr+got.stdout, "value-of-it") {
				t.Errorf("standard error: %s", got.stderr)
			}
			if says == "" && strings.Contains(got.stderr, "meant?") {
				t.Errorf("something far is suggested: %s", got.stderr)
			}
			if strings.Contains(got.stdout, "AIRLIFT") {
				t.Errorf("standard output: %s", got.stdout)
			}
			r.submittedKeys("reel/clip-00000.mov")
		})
	}
}

func TestVariablesThatAreKnown(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_CONFIG", r.file("c.toml", ""))
	// Those of other commands, of the sandbox, of the tests; one without a value; and others' variables.
	for _, name := range strings.Fields("AIRLIFT_LISTEN AIRLIFT_SAVE AIRLIFT_SANDBOX_ACCESS_KEY AIRLIFT_SANDBOX_SECRET_KEY AIRLIFT_REAL_S3 AIRLIFT_KEYS AIR_LIFT_RATE MYAIRLIFT_X") {
		r.setenv(name, "1")
	}
	r.env = append(r.env, "AIRLIFT_RTAE=")
	if got := r.run("status", "--log-level", "warn"); strings.Contains(got.stderr, "variable") {
		t.Errorf("standard error: %s", got.stderr)
	}
	for i := range 15 {
		r.setenv(fmt.Sprintf("AIRLIFT_UNHEARD_OF_%02d", i), "1")
	}
	got := r.run("version").want(t, exit.OK).says(t, "5 more AIRLIFT_ variables")
	if n := strings.Count(got.stderr, "\n"); n != 11 {
		t.Errorf("%d lines: %s", n, got.stderr)
	}
	r.run("__complete", "items", "").want(t, exit.OK)
}
