package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/service"
	"airlift/worker/service/metrics"
	"airlift/worker/verdict"
)

const deploy = "../../cmd/airlift/deploy/"

var promQL = parser.NewParser(parser.Options{})

// alerts returns the rules by name.
func alerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	file, errs := rulefmt.ParseFile(deploy+"airlift-alerts.yml", false, model.UTF8Validation, promQL, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	all := map[string]rulefmt.Rule{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if _, twice := all[r.Alert]; r.Alert == "" || twice || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("rule %+v has no name, severity, summary or description, or comes twice", r)
			}
			all[r.Alert] = r
		}
	}
	return all
}

// expressions returns those of the dashboard, with its variables replaced.
func expressions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(deploy + "airlift-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board any
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	variables := strings.NewReplacer("$job", ".*", "$instance", ".*", "$account", ".*", "$__rate_interval", "5m")
	var all []string
	var find func(any)
	find = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				find(one)
			}
		case map[string]any:
			for name, one := range v {
				if expr, ok := one.(string); ok && name == "expr" {
					all = append(all, variables.Replace(expr))
				}
				find(one)
			}
		}
	}
	find(board)
	if len(all) < 30 {
		t.Errorf("the dashboard has %d expressions", len(all))
	}
	return all
}

// full returns metrics of which a scrape shows all.
func full(t *testing.T) *metrics.Metrics {
	t.Helper()
	path, now, n, limit := filepath.Join(t.TempDir(), "queue.db"), time.Now(), int64(1), 5.
	if err := os.WriteFile(path, make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	m := metrics.New(metrics.Config{Version: "v1", Overview: func(context.Context) (service.Overview, error) {
		return service.Overview{
			Queue: path, ETA: &now, Batches: []service.BatchOverview{{Status: service.Status{Batch: "b", Account: "a", Pending: 1, ETA: &now}}},
			Accounts: []service.AccountOverview{{
				Name: "a", PausedUntil: &now, DailyLimit: &n, LearnedCap: &n,
				Run: &service.RunOverview{LimitedBy: "rate", Limits: service.LimitsOverview{Rate: &limit}},
			}},
		}, nil
	}})
	m.Observer("a").Answered("b", air.Outcome{Status: 200, Written: true}, verdict.Verdict{State: queue.Submitted})
	return m
}

// scrape returns the series of a full scrape, in the form that a client asks for.
func scrape(t *testing.T, accept string) []labels.Labels {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	full(t).Scrape().ServeHTTP(w, r)
	form := w.Header().Get("Content-Type")
	if !strings.HasPrefix(form, accept) {
		t.Errorf("asked for %s, got %s", accept, form)
	}
	symbols := labels.NewSymbolTable()
	p, err := textparse.New(w.Body.Bytes(), form, symbols, textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var all []labels.Labels
	for {
		switch entry, err := p.Next(); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		case entry == textparse.EntrySeries:
			var series labels.Labels
			p.Labels(&series)
			all = append(all, series)
		}
	}
}

// Prometheus reads a scrape in both forms.
func TestPrometheusReadsAScrape(t *testing.T) {
	for _, form := range []string{"text/plain", "application/openmetrics-text"} {
		if n := len(scrape(t, form)); n < 100 {
			t.Errorf("%s: %d series", form, n)
		}
	}
}

// Each expression parses, and each of its selectors selects a series of a scrape.
func TestSelectorsSelect(t *testing.T) {
	series := scrape(t, "text/plain")
	texts := expressions(t)
	for _, r := range alerts(t) {
		texts = append(texts, r.Expr)
	}
	for _, text := range texts {
		expr, err := promQL.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, selector := range parser.ExtractSelectors(expr) {
			if !selects(selector, series) {
				t.Errorf("%v in %s selects nothing of a scrape", selector, text)
			}
		}
	}
}

// selects reports whether a selector selects one of the series, or one that Prometheus adds.
func selects(selector []*labels.Matcher, series []labels.Labels) bool {
	for _, s := range append(series, labels.FromStrings("__name__", "up")) {
		all := true
		for _, m := range selector {
			all = all && (m.Matches(s.Get(m.Name)) || m.Name == "job")
		}
		if all {
			return true
		}
	}
	return false
}

// Each rule fires where it should and nowhere else. A series has a value a minute; the rule is evaluated at the minute.
func TestRulesFire(t *testing.T) {
	const at = `{job="airlift",instance="a"`
	series := func(name, more, values string) string { return fmt.Sprintf("  %s%s%s} %s\n", name, at, more, values) }
	account := `,account="a"`
	items := func(state, values string) string {
		return series("airlift_queue_items", account+`,batch="b",state="`+state+`"`, values)
	}
	answers := func(outcome, values string) string {
		return series("airlift_submissions_total", account+`,code="none",outcome="`+outcome+`"`, values)
	}
	gate := func(open, paused, stopped int) string {
		return series("airlift_gate_state", account+`,state="open"`, fmt.Sprint(open, "x3000")) + series("airlift_gate_state", account+`,state="paused"`, fmt.Sprint(paused, "x3000")) +
			series("airlift_gate_state", account+`,state="stopped"`, fmt.Sprint(stopped, "x3000"))
	}
	run := series("airlift_run_active", account, "1x3000")
	healthy := run + gate(1, 0, 0) + items("pending", "100000-10x3000") + items("in_doubt", "0 1 0 2 0x3000") + answers("submitted", "0+10x3000") +
		answers("failed", "0+0x3000") + answers("in_doubt", "0 0 1 1 3x3000") + series("up", "", "1x3000") + series("airlift_queue_up", "", "1x3000") +
		series("airlift_forecast_finish_timestamp_seconds", "", "1000000x3000") + series("airlift_queue_disk_free_bytes", "", "5000000000-1000x3000")
	// Waits for midnight: nothing is submitted, and that is right.
	asleep := run + gate(0, 1, 0) + items("pending", "1000x3000") + items("in_doubt", "0x3000") + answers("submitted", "40x3000") + series("up", "", "1x3000") + series("airlift_queue_up", "", "1x3000")
	done := gate(1, 0, 0) + series("airlift_run_active", account, "0x3000") + items("pending", "0x3000") + answers("submitted", "40x3000") + series("up", "", "1x3000")
	held := run + gate(1, 0, 0) + items("pending", "10x3000") + answers("submitted", "40x3000") + series("airlift_batch_paused", account+`,batch="b"`, "1x3000")
	// One account is stopped with items pending, and another has none left: the stop alone is told.
	other := run + gate(0, 0, 1) + items("pending", "10x3000") + answers("submitted", "40x3000")
	account = `,account="b"`
	beside := other + series("airlift_run_active", account, "1x3000") + gate(1, 0, 0) + items("pending", "0x3000") + answers("submitted", "40x3000")
	account = `,account="a"`
	firing := map[string]string{
		"AirliftDown":                series("up", "", "0x3000"),
		"AirliftQueueUnreadable":     series("airlift_queue_up", "", "0x3000"),
		"AirliftGateStopped":         gate(0, 0, 1),
		"AirliftInDoubtNotShrinking": items("in_doubt", "0+1x1500 1500x1500"),
		"AirliftFailures":            answers("failed", "0+1x3000") + answers("submitted", "0+9x3000"),
		"AirliftNoAnswers":           answers("in_doubt", "0+2x3000") + answers("submitted", "0+1x3000"),
		"AirliftForecastSlips":       series("airlift_forecast_finish_timestamp_seconds", "", "1000000x1499 1100000x1500"),
		"AirliftNothingSubmitted":    run + gate(1, 0, 0) + items("pending", "10x3000") + answers("submitted", "40x3000"),
		"AirliftQueueDiskFull":       series("airlift_queue_disk_free_bytes", "", "900000000x3000"),
		"AirliftQueueDiskFillingUp":  series("airlift_queue_disk_free_bytes", "", "50000000000-20000000x3000"),
	}
	for name, rule := range alerts(t) {
		load, known := firing[name]
		if !known {
			t.Errorf("%s: when should it fire?", name)
		}
		if n := evaluate(t, load, rule.Expr); n != 1 {
			t.Errorf("%s fires %d times, want 1", name, n)
		}
		if n := evaluate(t, beside, rule.Expr); (n == 1) != (name == "AirliftGateStopped") {
			t.Errorf("%s fires %d times for an account that is stopped beside one without work", name, n)
		}
		for which, load := range map[string]string{"healthy": healthy, "asleep": asleep, "done": done, "held": held} {
			if n := evaluate(t, load, rule.Expr); n != 0 {
				t.Errorf("%s fires for one that is %s", name, which)
			}
		}
	}
}

// evaluate returns how many series an expression has 2,000 minutes after the first values.
func evaluate(t *testing.T, series, expr string) int {
	t.Helper()
	store := promqltest.LoadedStorage(t, "load 1m\n"+series)
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	query, err := engine.NewInstantQuery(t.Context(), store, nil, expr, time.Unix(0, 0).Add(2000*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	result := query.Exec(t.Context())
	if result.Err != nil {
		t.Fatalf("%s: %v", expr, result.Err)
	}
	vector, ok := result.Value.(promql.Vector)
	if !ok {
		t.Fatalf("%s is no vector", expr)
	}
	return len(vector)
}
