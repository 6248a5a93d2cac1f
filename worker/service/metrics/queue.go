package metrics

import (
	"context"
	"errors"
	"math"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/worker"
	"airlift/worker/service"
)

const (
	// maxBatches is how many batches have series of their own: the newest that are not finished.
	maxBatches = 100
	// otherBatches stands for all other batches together. A batch of this id is among them.
	otherBatches = "(other)"
	// readFor is how long a scrape may read the queue.
	readFor = 10 * time.Second
)

// queueCollector reads the state of the queue and of its run at each scrape.
type queueCollector struct {
	overview func(context.Context) (service.Overview, error)
	log      zerolog.Logger
	failing  atomic.Bool // the latest scrape could not read the queue
	descs    []*prometheus.Desc

	up, items, batches, share, paused, forecast, lastForecast *prometheus.Desc
	gate, pausedUntil, today, dailyLimit                      *prometheus.Desc
	active, started, limitedBy, rateLimit, rate, workers      *prometheus.Desc
	fileBytes, freeBytes                                      *prometheus.Desc
}

func newQueueCollector(overview func(context.Context) (service.Overview, error), log zerolog.Logger) *queueCollector {
	q := &queueCollector{overview: overview, log: log}
	q.up = q.desc("airlift_queue_up", "1 if the queue could be read for this scrape, else 0.")
	q.items = q.desc("airlift_queue_items", `Items by account, batch and state. The newest 100 unfinished batches have series of their own; batch="(other)" has the sum of all others of the account.`, "account", "batch", "state")
	q.batches = q.desc("airlift_queue_batches", "Batches of the queue, finished ones included.")
	q.share = q.desc("airlift_batch_share", "Weight of an unfinished batch when batches take turns.", "account", "batch")
	q.paused = q.desc("airlift_batch_paused", "1 if an operator has paused the unfinished batch, else 0.", "account", "batch")
	q.forecast = q.desc("airlift_batch_forecast_finish_timestamp_seconds", "When all items of a batch are expected to be submitted. None if that cannot be foreseen.", "account", "batch")
	q.lastForecast = q.desc("airlift_forecast_finish_timestamp_seconds", "When all batches of the run are expected to be submitted. None if that cannot be foreseen.")
	q.gate = q.desc("airlift_gate_state", "1 for the state of the gate (open, paused, stopped), 0 for the others.", "account", "state")
	q.pausedUntil = q.desc("airlift_gate_paused_until_timestamp_seconds", "When the pause ends. None without a pause, or if only a resume ends it.", "account")
	q.today = q.desc("airlift_jobs_submitted_today", "Jobs that AiR accepted on the present day of its clock.", "account")
	q.dailyLimit = q.desc("airlift_daily_limit_jobs", "Jobs that may be submitted a UTC day, as set by the user and as learned from AiR's answers. None if there is no such limit.", "account", "source")
	q.active = q.desc("airlift_run_active", "1 while a run works the account, else 0.", "account")
	q.started = q.desc("airlift_run_start_timestamp_seconds", "When the run began. None without a run.", "account")
	q.limitedBy = q.desc("airlift_run_limited_by", "1 for what keeps the run from sending faster. None if nothing is known to.", "account", "cause")
	q.rateLimit = q.desc("airlift_rate_limit_requests_per_second", "Rate limit of requests to AiR, +Inf without one. None without a run.", "account")
	q.rate = q.desc("airlift_submitted_items_per_second", "Rate at which items were submitted in the last minute. None without a run.", "account")
	q.workers = q.desc("airlift_workers", "Requests that may be under way at once. None without a run.", "account")
	q.fileBytes = q.desc("airlift_queue_file_bytes", "Size of the queue file. None if the queue is not in a file.")
	q.freeBytes = q.desc("airlift_queue_disk_free_bytes", "Free bytes on the disk of the queue file. None if the system does not tell.")
	return q
}

func (q *queueCollector) desc(name, help string, labels ...string) *prometheus.Desc {
	d := prometheus.NewDesc(name, help, labels, nil)
	q.descs = append(q.descs, d)
	return d
}

// Describe implements [prometheus.Collector].
func (q *queueCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range q.descs {
		to <- d
	}
}

// sink sends gauges.
type sink chan<- prometheus.Metric

func (to sink) gauge(d *prometheus.Desc, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

// instant sends a time in seconds since 1970, unless it is nil.
func (to sink) instant(d *prometheus.Desc, t *time.Time, labels ...string) {
	if t != nil {
		to.gauge(d, float64(t.UnixMilli())/1000, labels...)
	}
}

// Collect implements [prometheus.Collector].
func (q *queueCollector) Collect(metrics chan<- prometheus.Metric) {
	to := sink(metrics)
	o, err := q.read()
	to.gauge(q.up, oneIf(err == nil))
	if err != nil {
		return
	}
	q.collectBatches(to, o)
	for i := range o.Accounts {
		q.collectAccount(to, &o.Accounts[i])
	}
	q.collectFile(to, o.Queue)
}

// read returns the overview, and logs when it begins to fail.
func (q *queueCollector) read() (service.Overview, error) {
	if q.overview == nil {
		return service.Overview{}, errors.New("the queue is not open")
	}
	ctx, cancel := context.WithTimeout(context.Background(), readFor)
	defer cancel()
	o, err := q.overview(ctx)
	if was := q.failing.Swap(err != nil); err != nil && !was {
		q.log.Warn().Err(err).Msg("the queue cannot be read for the metrics; airlift_queue_up is 0")
	}
	return o, err
}

func (q *queueCollector) collectBatches(to sink, o service.Overview) {
	others, shown := map[string]*queue.Counts{}, 0 // by account
	for _, a := range o.Accounts {
		others[a.Name] = &queue.Counts{}
	}
	for i := len(o.Batches) - 1; i >= 0; i-- { // the newest come first
		b := &o.Batches[i].Status
		counts := queue.Counts{Items: b.Items, Pending: b.Pending, Sending: b.Sending, InDoubt: b.InDoubt, Submitted: b.Submitted, Failed: b.Failed, Cancelled: b.Cancelled}
		if b.Left() == 0 && !b.Incomplete || shown == maxBatches || b.Batch == otherBatches {
			if others[b.Account] == nil {
				others[b.Account] = &queue.Counts{}
			}
			for _, s := range queue.States {
				*others[b.Account].Of(s) += *counts.Of(s)
			}
			continue
		}
		shown++
		q.collectCounts(to, b.Account, b.Batch, &counts)
		to.gauge(q.share, float64(o.Batches[i].Share), b.Account, b.Batch)
		to.gauge(q.paused, oneIf(o.Batches[i].ByHand != nil), b.Account, b.Batch)
		to.instant(q.forecast, b.ETA, b.Account, b.Batch)
	}
	for account, counts := range others {
		q.collectCounts(to, account, otherBatches, counts)
	}
	to.gauge(q.batches, float64(len(o.Batches)))
	to.instant(q.lastForecast, o.ETA)
}

func (q *queueCollector) collectCounts(to sink, account, batch string, c *queue.Counts) {
	for _, s := range queue.States {
		to.gauge(q.items, float64(*c.Of(s)), account, batch, string(s))
	}
}

func (q *queueCollector) collectAccount(to sink, a *service.AccountOverview) {
	stopped := a.State == string(worker.Stopped)
	paused := a.State == string(worker.Paused) || a.ByHand != nil && !stopped // without a run the state does not tell of it
	to.gauge(q.gate, oneIf(!paused && !stopped), a.Name, "open")
	to.gauge(q.gate, oneIf(paused), a.Name, "paused")
	to.gauge(q.gate, oneIf(stopped), a.Name, "stopped")
	to.instant(q.pausedUntil, a.PausedUntil, a.Name)
	to.gauge(q.today, float64(a.Submitted), a.Name)
	if a.DailyLimit != nil {
		to.gauge(q.dailyLimit, float64(*a.DailyLimit), a.Name, "user")
	}
	if a.LearnedCap != nil {
		to.gauge(q.dailyLimit, float64(*a.LearnedCap), a.Name, "learned")
	}
	to.gauge(q.active, oneIf(a.Run != nil), a.Name)
	if a.Run != nil {
		q.collectRun(to, a.Name, a.Run)
	}
}

func (q *queueCollector) collectRun(to sink, account string, r *service.RunOverview) {
	to.instant(q.started, &r.Since, account)
	if r.LimitedBy != "" {
		to.gauge(q.limitedBy, 1, account, r.LimitedBy)
	}
	limit := math.Inf(1)
	if r.Limits.Rate != nil {
		limit = *r.Limits.Rate
	}
	to.gauge(q.rateLimit, limit, account)
	to.gauge(q.rate, r.Rate, account)
	to.gauge(q.workers, float64(r.Limits.Workers), account)
}

// collectFile shows the queue's file and its disk. A queue that is not in a file has neither.
func (q *queueCollector) collectFile(to sink, path string) {
	file, err := os.Stat(path)
	if err != nil || !file.Mode().IsRegular() {
		return
	}
	to.gauge(q.fileBytes, float64(file.Size()))
	if free, known := freeBytes(path); known {
		to.gauge(q.freeBytes, float64(free))
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
