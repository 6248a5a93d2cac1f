package metrics

import (
	"context"
	"fmt"
	"testing"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/service"
)

// Each account has series of its own: here of one that goes on, and of one that AiR has stopped beside it.
func TestSeriesByAccount(t *testing.T) {
	accounts := map[string]airtest.Account{"archive": {}, "news": {MonthlyQuota: 5}}
	inBubble(t, airtest.Config{Settings: airtest.Settings{Accounts: accounts}}, func(r *rig) {
		for name := range accounts {
			err := r.db.CreateBatch(r.t.Context(), queue.Batch{ID: "of-" + name, Account: name, Settings: queue.Settings{JobFields: queue.JobFields{
				Services: []byte(`{"ocr":""}`), DestinationBucket: "out", DestinationRegion: "us-east-1",
			}}})
			chunk := queue.Chunk{}
			for i := range 20 {
				chunk.Items = append(chunk.Items, queue.Item{Line: int64(i + 1), Bucket: name, Key: fmt.Sprint(i)})
			}
			if err == nil {
				_, err = r.db.Add(r.t.Context(), "of-"+name, chunk)
			}
			if err != nil {
				r.t.Fatal(err)
			}
		}
		poolOf := func(account string) (worker.Config, error) {
			client, err := air.New(air.Config{BaseURL: "http://127.0.0.1", Credentials: air.NewCredentials(account, "secret"), Transport: r.air})
			return worker.Config{
				API: client, Limiter: ratelimit.NewLimiter(0.1, 1), Workers: len(account), DailyLimit: 100, Settle: time.Second, Observer: r.Observer(account),
			}, err
		}
		ctx, end := context.WithCancel(r.t.Context())
		ended := make(chan service.Outcome, 1)
		go func() { ended <- r.to.Run(ctx, service.RunRequest{PoolOf: poolOf}) }()
		time.Sleep(105 * time.Second)
		got, sent := r.scrape(), float64(r.air.Accepted()-5)
		if sent < 5 {
			r.t.Errorf("%v jobs of the account that goes on", sent)
		}
		want(r.t, got, map[string]float64{
			`airlift_gate_state{account="archive",state="open"}`: 1, `airlift_gate_state{account="news",state="open"}`: 0,
			`airlift_gate_state{account="archive",state="stopped"}`: 0, `airlift_gate_state{account="news",state="stopped"}`: 1,
			`airlift_run_active{account="archive"}`: 1, `airlift_run_active{account="news"}`: 0, `airlift_workers{account="archive"}`: 7,
			`airlift_jobs_submitted_today{account="archive"}`: sent, `airlift_jobs_submitted_today{account="news"}`: 5,
			`airlift_daily_limit_jobs{account="archive",source="user"}`:                                     100,
			`airlift_submissions_total{account="archive",code="none",outcome="submitted"}`:                  sent,
			`airlift_submissions_total{account="news",code="none",outcome="submitted"}`:                     5,
			`airlift_submissions_total{account="news",code="MONTHLY_QUOTA_REACHED",outcome="not_accepted"}`: 1,
			`airlift_submissions_total{account="archive",code="DAILY_CAP_EXCEEDED",outcome="not_accepted"}`: 0,
			`airlift_queue_items{account="archive",batch="of-archive",state="submitted"}`:                   sent,
			`airlift_queue_items{account="news",batch="of-news",state="pending"}`:                           15,
			`airlift_queue_items{account="news",batch="(other)",state="pending"}`:                           0,
		})
		if workers, shown := got[`airlift_workers{account="news"}`]; shown {
			r.t.Errorf("%v workers of the account that has ended", workers)
		}
		end()
		<-ended
	})
}
