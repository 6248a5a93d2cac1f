package metrics

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"airlift/worker"
	"airlift/worker/service"
)

// scrapesAtOnce is how many scrapes are answered at the same time; further ones get 503.
const scrapesAtOnce = 4

// Config says where the metrics come from.
type Config struct {
	// Version is that of airlift.
	Version string
	// Overview returns the state of the queue; see [service.Service.Overview]. nil: the queue is not open yet.
	Overview func(context.Context) (service.Overview, error)
	// Runs returns the runs in progress; see [service.Host.Runs].
	Runs func() []*service.Running
	// Ending is closed when the process begins to end; nil: never.
	Ending <-chan struct{}
	Log    zerolog.Logger
}

// Metrics are the metrics of a process. Make one with [New].
type Metrics struct {
	registry *prometheus.Registry
	c        Config
	mu       sync.Mutex
	counters map[string]*counters // guarded by mu; by account
}

// New returns the metrics of a process.
func New(c Config) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), c: c, counters: map[string]*counters{}}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "airlift_build_info", Help: "1; the labels tell the versions of airlift and of Go.",
		ConstLabels: prometheus.Labels{"version": c.Version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(newQueueCollector(c.Overview, c.Log), build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Observer returns what counts for all pools of an account.
func (m *Metrics) Observer(account string) worker.Observer { return m.of(account) }

func (m *Metrics) of(account string) *counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.counters[account]
	if c == nil {
		c = newCounters(account)
		m.counters[account] = c
		m.registry.MustRegister(c)
	}
	return c
}

// Scrape handles /metrics.
func (m *Metrics) Scrape() http.Handler {
	return readOnly(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesAtOnce, EnableOpenMetrics: true}))
}

// Healthz handles /healthz: 200 as long as the process answers.
func (m *Metrics) Healthz() http.Handler {
	return readOnly(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") }))
}

// Readyz handles /readyz: 200 while the queue is open and a run is prepared, which includes a paused one, else 503 with
// the reason.
func (m *Metrics) Readyz() http.Handler {
	return readOnly(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if why := m.notReady(); why != "" {
			answer(w, http.StatusServiceUnavailable, why)
			return
		}
		answer(w, http.StatusOK, "ready")
	}))
}

// notReady returns why the process is not ready; empty: it is.
func (m *Metrics) notReady() string {
	select {
	case <-m.c.Ending:
		return "the process is ending"
	default:
	}
	if m.c.Overview == nil || m.c.Runs == nil {
		return "the queue is not open"
	}
	runs := m.c.Runs()
	switch {
	case len(runs) == 0:
		return "no run is in progress"
	case !slices.ContainsFunc(runs, func(r *service.Running) bool { return r.Pool.Progress().Activity != worker.Idle }):
		return "the run is being prepared or has ended"
	}
	return ""
}

// answer writes a line of text.
func answer(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, line+"\n") // the client is gone
}

// readOnly refuses methods other than GET and HEAD.
func readOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			answer(w, http.StatusMethodNotAllowed, "use GET")
			return
		}
		h.ServeHTTP(w, r)
	})
}
