package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

func init() { tasks["river-drain"] = riverDrain }

// object is a job of River's.
type object struct {
	Key string `json:"key"`
}

func (object) Kind() string { return "object" }

// noWork counts the jobs.
type noWork struct {
	river.WorkerDefaults[object]
	left atomic.Int64
	done chan struct{}
}

func (w *noWork) Work(context.Context, *river.Job[object]) error {
	if w.left.Add(-1) == 0 {
		close(w.done)
	}
	return nil
}

// riverDrain works jobs off with River, which fetches as often as it may. Its clock stops when the last result is
// stored.
func riverDrain(a args, m *meter) error {
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(a.More["dsn"])
	if err != nil {
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	driver := riverpgxv5.New(pool)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, "TRUNCATE river_job"); err != nil { // of the last repetition
		return err
	}
	w := &noWork{done: make(chan struct{})}
	w.left.Store(int64(a.N))
	all := river.NewWorkers()
	river.AddWorker(all, w)
	client, err := river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}}, Workers: all,
		FetchCooldown: river.FetchCooldownMin, FetchPollInterval: 10 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	for from := 0; from < a.N; from += 5000 {
		var jobs []river.InsertManyParams
		for i := from; i < min(from+5000, a.N); i++ {
			jobs = append(jobs, river.InsertManyParams{Args: object{Key: keyOf(i)}})
		}
		if _, err := client.InsertManyFast(ctx, jobs); err != nil {
			return err
		}
	}
	if _, err := pool.Exec(ctx, "VACUUM ANALYZE river_job"); err != nil {
		return err
	}
	pid, _ := strconv.Atoi(a.More["pid"])
	bytesBefore, syncsBefore, err := walOf(ctx, pool)
	if err != nil {
		return err
	}
	serverBefore := familyCPU(pid)
	err = m.do(func() error {
		if err := client.Start(ctx); err != nil {
			return err
		}
		select {
		case <-w.done:
		case <-time.After(5 * time.Minute):
			return errors.Join(fmt.Errorf("%d jobs are left after 5 minutes", w.left.Load()), client.StopAndCancel(ctx))
		}
		return client.Stop(ctx) // stores the results
	})
	if err != nil {
		return err
	}
	m.cpu += familyCPU(pid) - serverBefore
	bytesAfter, syncsAfter, err := walOf(ctx, pool)
	if err != nil {
		return err
	}
	m.wrote = bytesAfter - bytesBefore // what the client writes goes to a socket
	m.out[fsyncs] = float64(syncsAfter-syncsBefore) / float64(a.N)
	var completed int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM river_job WHERE state = 'completed'").Scan(&completed); err != nil {
		return err
	}
	if completed != a.N {
		return fmt.Errorf("%d of %d jobs are completed", completed, a.N)
	}
	return nil
}

// walOf is what PostgreSQL has written and synced of its log so far; it writes the tables later, which is not counted.
func walOf(ctx context.Context, pool *pgxpool.Pool) (bytes, syncs int64, err error) {
	// The statistics of other sessions come up to a second late.
	time.Sleep(1100 * time.Millisecond)
	err = pool.QueryRow(ctx, "SELECT wal_bytes::bigint, wal_sync FROM pg_stat_wal").Scan(&bytes, &syncs)
	return bytes, syncs, err
}
