package metrics

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every metric that the documentation, the dashboard and the alert rules name is in a scrape, and each of ours is documented.
// Package testdata/prometheus parses the dashboard and the rules.
func TestEveryMetricThatIsNamedExists(t *testing.T) {
	histogram := regexp.MustCompile(`_(bucket|sum|count)$`)
	named := regexp.MustCompile(`\b(airlift|go|process)_[a-z0-9_]+`)
	names := func(path string) []string {
		text, err := os.ReadFile(filepath.Join("../../../cmd/airlift", path))
		if err != nil {
			t.Fatal(err)
		}
		return named.FindAllString(string(text), -1)
	}
	documented := names("docs/metrics.md")
	inBubble(t, eventful(), func(r *rig) {
		r.add("b", 100)
		r.pool.DailyLimit = 500
		end := r.start()
		time.Sleep(2 * time.Minute) // the cap is met
		shown := map[string]bool{}
		for series := range r.scrape() {
			name, _, _ := strings.Cut(series, "{")
			shown[name] = true
		}
		end()
		for _, name := range slices.Concat(names("deploy/airlift-dashboard.json"), names("deploy/airlift-alerts.yml")) {
			if !shown[name] {
				t.Errorf("no scrape has %s", name)
			}
		}
		for _, name := range documented {
			if !shown[name] && !shown[name+"_bucket"] {
				t.Errorf("no scrape has %s, which is documented", name)
			}
		}
		for name := range shown {
			if strings.HasPrefix(name, "airlift_") && !slices.Contains(documented, histogram.ReplaceAllString(name, "")) {
				t.Errorf("%s is not documented", name)
			}
		}
	})
}
