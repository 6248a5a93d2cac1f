package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"maragu.dev/goqite"

	"airlift/worker/air"
)

func init() {
	tasks["airlift-drain"] = airliftDrain
	tasks["goqite-drain"] = goqiteDrain
}

// drainContest works queues off with a submit that does nothing, so that only the queue counts. Each does as many items
// as it can in a few seconds.
func drainContest(b *bench) *contest {
	var pg *postgres
	who := func(name, task string, n int) contestant {
		n = b.size(n)
		return contestant{name: name,
			measure: func(ctx context.Context) (sample, error) { return b.child(ctx, task, args{N: n}) },
			fsyncs: func(ctx context.Context) (float64, error) {
				return b.countFsyncs(ctx, task, args{N: min(n, 20_000)})
			}}
	}
	return &contest{
		name: "drain",
		prepare: func(ctx context.Context) (func(), error) {
			var err error
			pg, err = b.startPostgres(ctx)
			var skip *errSkip
			if errors.As(err, &skip) {
				return nil, nil // River is skipped when its turn comes
			}
			if err != nil {
				return nil, err
			}
			return pg.stop, nil
		},
		contestants: []contestant{
			who("airlift", "airlift-drain", 500_000), who("goqite", "goqite-drain", 5_000),
			{name: "River", measure: func(ctx context.Context) (sample, error) {
				if pg == nil {
					return nil, &errSkip{"no PostgreSQL"}
				}
				return b.child(ctx, "river-drain", args{N: b.size(50_000), More: map[string]string{"dsn": pg.dsn, "pid": fmt.Sprint(pg.cmd.Process.Pid)}})
			}},
		},
		rows: []line{
			{what: fmt.Sprintf("drain, no-op submit, %d workers", workers), ours: figure{"airlift", rate}, peer: figure{"River", rate}, least: 4, unit: "/s"},
			{what: "the same", ours: figure{"airlift", rate}, peer: figure{"goqite", rate}, least: 30, unit: "/s"},
		},
	}
}

// noAPI accepts every job at once.
type noAPI struct{ jobs atomic.Int64 }

func (n *noAPI) Submit(context.Context, air.NewJob) air.Outcome {
	now := time.Now()
	id := fmt.Sprintf("%032x", n.jobs.Add(1))
	return air.Outcome{JobID: id, Status: 200, Written: true, Sent: now, Ended: now}
}

func (*noAPI) DistrustConnections() {}

func (*noAPI) JobStatus(_ context.Context, id string) (air.JobState, error) {
	return air.JobState{ID: id, Status: air.StatusCompleted}, nil
}

func (n *noAPI) JobErrors(ctx context.Context, id string) (air.JobState, error) {
	return n.JobStatus(ctx, id)
}

func (n *noAPI) List(context.Context, air.ListQuery) (air.Page, error) {
	return air.Page{Short: true}, nil
}

func airliftDrain(a args, m *meter) error {
	db, err := filled(a.Dir, a.N)
	if err != nil {
		return err
	}
	defer db.Close()
	return work(db, &noAPI{}, a.N, m)
}

// goqiteSchema is what goqite wants in its database: its file schema_sqlite.sql, which it leaves to its user to run.
const goqiteSchema = `
create table goqite (
  id text primary key default ('m_' || lower(hex(randomblob(16)))),
  created text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  updated text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  queue text not null,
  body blob not null,
  timeout text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  received integer not null default 0,
  priority integer not null default 0
) strict;
create trigger goqite_updated_timestamp after update on goqite begin
  update goqite set updated = strftime('%Y-%m-%dT%H:%M:%fZ') where id = old.id;
end;
create index goqite_queue_priority_created_idx on goqite (queue, priority desc, created);`

// goqiteDrain receives and deletes each message from as many goroutines, on a SQLite that syncs every commit.
func goqiteDrain(a args, m *meter) error {
	ctx := context.Background()
	db, err := openSQLite(filepath.Join(a.Dir, "goqite.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(goqiteSchema); err != nil {
		return err
	}
	q := goqite.New(goqite.NewOpts{DB: db, Name: batchID, Timeout: time.Hour})
	if err := fillGoqite(ctx, db, q, a.N); err != nil {
		return err
	}
	quietly()
	var done atomic.Int64
	err = m.do(func() error {
		errs := make([]error, workers)
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				for {
					msg, err := q.Receive(ctx)
					if err == nil && msg != nil {
						err = q.Delete(ctx, msg.ID)
					}
					if err != nil || msg == nil {
						errs[w] = err
						return
					}
					done.Add(1)
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	})
	if err == nil && done.Load() != int64(a.N) {
		err = fmt.Errorf("%d of %d messages were worked", done.Load(), a.N)
	}
	return err
}

func fillGoqite(ctx context.Context, db *sql.DB, q *goqite.Queue, n int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i := range n {
		if err := q.SendTx(ctx, tx, goqite.Message{Body: []byte(keyOf(i))}); err != nil {
			return err
		}
	}
	return tx.Commit()
}
