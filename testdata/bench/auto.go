package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// autoModels are the models of a server of which a test of package worker prints a line, as it names them.
var autoModels = []string{"token bucket", "concurrency limit", "latency knee", "400 throttling", "503 throttling", "nightly halving"}

// autoContest is --rate auto beside the best fixed rate, against models of a server. It is measured by a test, with the pool
// and the sandbox's server in one process and in fake time: so it does not depend on this machine, and one repetition is
// as good as three.
func autoContest() *contest {
	const throttled = "% throttled"
	found, best := map[string]sample{}, map[string]sample{}
	c := &contest{name: "auto", prepare: func(ctx context.Context) (func(), error) {
		out, err := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-timeout", "30m", "-run", "^TestAutoRateAgainstTheBestFixedRate$", "./worker", "-autotable").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			for _, model := range autoModels {
				rest, is := strings.CutPrefix(line, "auto "+model)
				if !is {
					continue
				}
				var auto, share, at, fixed, fixedShare float64
				if _, err := fmt.Sscanf(strings.TrimSpace(rest), "%f/s, %f %% throttled; best fixed %f/s: %f/s, %f %% throttled", &auto, &share, &at, &fixed, &fixedShare); err != nil {
					return nil, fmt.Errorf("%q: %w", line, err)
				}
				found[model], best[model] = sample{rate: auto, throttled: share}, sample{rate: fixed, throttled: fixedShare}
			}
		}
		if len(found) != len(autoModels) {
			return nil, fmt.Errorf("the test printed %d models, want %d:\n%s", len(found), len(autoModels), out)
		}
		return nil, nil
	}}
	for _, model := range autoModels {
		name := "fixed, " + model
		c.contestants = append(c.contestants,
			contestant{name: model, measure: func(context.Context) (sample, error) { return found[model], nil }},
			contestant{name: name, measure: func(context.Context) (sample, error) { return best[model], nil }})
		c.rows = append(c.rows,
			line{what: "`--rate auto`, " + model + ", by the best fixed rate", ours: figure{model, rate}, peer: figure{name, rate}, least: 0.9, unit: "/s"},
			line{what: "throttled in that", ours: figure{model, throttled}, most: 1, unit: " %"})
	}
	return c
}
