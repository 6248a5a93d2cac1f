package main

import (
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// What is mistyped is an error that names what is meant.
func TestMistyped(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	for line, says := range map[string]string{
		"notify tset":                                   "did you mean test?",
		"help qoutas":                                   "did you mean quotas?",
		"help nosuch":                                   `there is no command "nosuch"`,
		"help notify tset":                              "did you mean test?",
		"help config shwo":                              "did you mean show?",
		"run m.csv --max-opn 3":                         "is --max-open meant?",
		"status --windw 22:00-06:00":                    "is --window meant?",
		"config show run --max-opn 3":                   "is --max-open meant?",
		"status --wait-lock -1s":                        "--wait-lock -1s: use 0 or more",
		"status --account=":                             "--account is empty",
		"set --monthly-limit 9223372036854775807":       "1,000,000,000,000,000",
		"run m.csv --monthly-limit 9223372036854775807": "1,000,000,000,000,000",
	} {
		if got := r.run(strings.Fields(line)...).want(t, exit.Usage); !strings.Contains(got.stderr, says) {
			t.Errorf("%s does not say %q:\n%s", line, says, got.stderr)
		}
	}
	for _, line := range []string{"help quotas", "help config show", "help notify", "help", "notify", "help help"} {
		r.run(strings.Fields(line)...).want(t, exit.OK)
	}
	if help := r.run("run", "--help").stdout; !strings.Contains(help, "--quiet  ") {
		t.Errorf("--quiet seems to take a value:\n%s", help)
	}
	r.noQueue()
}
