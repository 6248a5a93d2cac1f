package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/verdict"
)

// counters are what the pools of an account did.
type counters struct {
	inFlight prometheus.Gauge
	answers  *prometheus.CounterVec
	answered [outcomes][numCodes]atomic.Pointer[prometheus.Counter] // those of answers that were used
	took     prometheus.Histogram
	pauses   prometheus.Counter
	commits  prometheus.Histogram
	results  [len(queue.States)]prometheus.Counter
	lookups  map[string]prometheus.Counter
	lookedUp prometheus.Histogram
	all      []prometheus.Collector
}

// durationBuckets reach from an answer of AiR's cache to the longest timeout in use, in seconds.
var durationBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}

// The values of the label result of lookups.
const (
	foundJob      = "job"
	foundNone     = "no_job"
	foundConflict = "conflict"
	lookupFailed  = "error"
)

func newCounters(account string) *counters {
	of := prometheus.Labels{"account": account}
	c := &counters{lookups: map[string]prometheus.Counter{}}
	c.inFlight = keep(c, prometheus.NewGauge(prometheus.GaugeOpts{
		ConstLabels: of,
		Name:        "airlift_submissions_in_flight", Help: "POSTs whose outcome is awaited.",
	}))
	c.answers = keep(c, prometheus.NewCounterVec(prometheus.CounterOpts{
		ConstLabels: of,
		Name:        "airlift_submissions_total",
		Help:        "POSTs by outcome (submitted, failed, in_doubt, not_accepted) and by AiR's error code, the HTTP status of an answer without a known code, or the reason of none.",
	}, []string{"outcome", "code"}))
	for outcome, code := range [...]int{submitted: noCode, failed: codeIndex["BAD_REQUEST"], inDoubt: noAnswer, notAccepted: codeIndex["DAILY_CAP_EXCEEDED"]} {
		c.answersOf(outcome, code) // rate() needs a series from the start
	}
	c.took = keep(c, prometheus.NewHistogram(prometheus.HistogramOpts{
		ConstLabels: of,
		Name:        "airlift_submission_duration_seconds", Help: "Time from a POST to its outcome.", Buckets: durationBuckets,
	}))
	c.pauses = keep(c, prometheus.NewCounter(prometheus.CounterOpts{ConstLabels: of, Name: "airlift_pauses_total", Help: "Pauses of the gate, by a cap or by hand."}))
	c.commits = keep(c, prometheus.NewHistogram(prometheus.HistogramOpts{
		ConstLabels: of,
		Name:        "airlift_commit_results", Help: "Results that one commit of the queue stored. Some commits only claim items.",
		Buckets: []float64{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024},
	}))
	results := keep(c, prometheus.NewCounterVec(prometheus.CounterOpts{
		ConstLabels: of,
		Name:        "airlift_results_total", Help: "Results of submissions and lookups that are stored, by the state that they ask for.",
	}, []string{"state"}))
	for i, s := range queue.States {
		if s != queue.Sending && s != queue.Cancelled { // no result has these
			c.results[i] = results.WithLabelValues(string(s))
		}
	}
	lookups := keep(c, prometheus.NewCounterVec(prometheus.CounterOpts{
		ConstLabels: of,
		Name:        "airlift_lookups_total", Help: "Lookups of items that may have a job at AiR, by result: job, no_job, conflict, error.",
	}, []string{"result"}))
	for _, result := range []string{foundJob, foundNone, foundConflict, lookupFailed} {
		c.lookups[result] = lookups.WithLabelValues(result)
	}
	c.lookedUp = keep(c, prometheus.NewHistogram(prometheus.HistogramOpts{
		ConstLabels: of,
		Name:        "airlift_lookup_duration_seconds", Help: "Duration of a lookup, waits for the rate included.", Buckets: durationBuckets,
	}))
	return c
}

// keep adds a collector to those of c.
func keep[T prometheus.Collector](c *counters, one T) T {
	c.all = append(c.all, one)
	return one
}

// Describe implements [prometheus.Collector].
func (c *counters) Describe(to chan<- *prometheus.Desc) {
	for _, one := range c.all {
		one.Describe(to)
	}
}

// Collect implements [prometheus.Collector].
func (c *counters) Collect(to chan<- prometheus.Metric) {
	for _, one := range c.all {
		one.Collect(to)
	}
}

// answersOf returns the counter of an outcome and a code, and makes it at its first use.
func (c *counters) answersOf(outcome, code int) prometheus.Counter {
	at := &c.answered[outcome][code]
	if one := at.Load(); one != nil {
		return *one
	}
	one := c.answers.WithLabelValues(outcomeNames[outcome], codeNames[code])
	at.Store(&one)
	return one
}

// Sent implements [worker.Observer].
func (c *counters) Sent(string) { c.inFlight.Inc() }

// Answered implements [worker.Observer].
func (c *counters) Answered(_ string, o air.Outcome, v verdict.Verdict) {
	c.inFlight.Dec()
	outcome := outcomeOf(v)
	c.answersOf(outcome, codeOf(o, outcome)).Inc()
	if o.Written {
		c.took.Observe(o.Ended.Sub(o.Sent).Seconds())
	}
}

// Paused implements [worker.Observer].
func (c *counters) Paused(s ratelimit.State) {
	if s.Paused {
		c.pauses.Inc()
	}
}

// Committed implements [worker.Observer].
func (c *counters) Committed(results []queue.Result) {
	c.commits.Observe(float64(len(results)))
	for i := range queue.States {
		n := 0
		for j := range results {
			if results[j].To == queue.States[i] {
				n++
			}
		}
		if n > 0 && c.results[i] != nil {
			c.results[i].Add(float64(n))
		}
	}
}

// LookedUp implements [worker.Observer].
func (c *counters) LookedUp(_ string, found joblist.Found, err error, took time.Duration) {
	result := foundNone
	switch {
	case err != nil:
		result = lookupFailed
	case found.Code != "":
		result = foundConflict
	case found.JobID != "":
		result = foundJob
	}
	c.lookups[result].Inc()
	c.lookedUp.Observe(took.Seconds())
}
