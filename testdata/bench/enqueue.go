package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"

	_ "github.com/mattn/go-sqlite3"

	"airlift/queue"
	"airlift/queue/bolt"
)

func init() {
	tasks["airlift-enqueue"] = airliftEnqueue
	tasks["sqlite-enqueue"] = sqliteEnqueue
}

// again and its price are figures of a second enqueue of the same rows.
const again = "items/s again"

// enqueueContest stores rows with dedupe, from memory: airlift, and SQLite with a unique index.
func enqueueContest(b *bench) *contest {
	n := b.size(1_000_000)
	who := func(name, task, order string) contestant {
		a := args{N: n, More: map[string]string{"order": order}}
		c := contestant{name: name, measure: func(ctx context.Context) (sample, error) { return b.child(ctx, task, a) }}
		if order == "sorted" {
			c.fsyncs = func(ctx context.Context) (float64, error) { return b.countFsyncs(ctx, task, a) }
		}
		return c
	}
	rows := short(n) + " rows"
	return &contest{
		name: "enqueue",
		contestants: []contestant{
			who("airlift", "airlift-enqueue", "sorted"), who("SQLite", "sqlite-enqueue", "sorted"),
			who("airlift, random", "airlift-enqueue", "random"), who("SQLite, random", "sqlite-enqueue", "random"),
		},
		rows: []line{
			{what: "enqueue " + rows + ", sorted", ours: figure{"airlift", rate}, peer: figure{"SQLite", rate}, least: 6, unit: "/s"},
			{what: "enqueue in random order", ours: figure{"airlift, random", rate}, peer: figure{"SQLite, random", rate}, least: 12, unit: "/s"},
			{what: "random by sorted, both ours", ours: figure{"airlift, random", rate}, peer: figure{"airlift", rate}, least: 0.8, unit: "/s"},
			{what: "the same manifest again, by the first time", ours: figure{"airlift", again}, peer: figure{"airlift", rate}, least: 0.5, unit: "/s"},
			{what: "file by the bytes of the rows", ours: figure{"airlift", share}, most: 0.7},
			{what: "the same in random order", ours: figure{"airlift, random", share}, most: 0.7},
		},
	}
}

func airliftEnqueue(a args, m *meter) error {
	ctx := context.Background()
	db, err := bolt.Open(filepath.Join(a.Dir, "queue.db"), bolt.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.CreateBatch(ctx, queue.Batch{ID: batchID}); err != nil {
		return err
	}
	shuffled := order(a.N, a.More["order"] == "random")
	bytes := int64(0)
	var line []byte
	read := func(m *meter) (total queue.Added, err error) {
		if err := db.BeginReading(ctx, batchID, false); err != nil {
			return total, err
		}
		err = chunks(a.N, addRows, shuffled, func(rows []queue.Item) error {
			for i := range rows {
				line = appendRow(line[:0], &rows[i])
				bytes += int64(len(line))
			}
			quietly()
			return m.do(func() error {
				added, err := add(ctx, db, rows)
				total.Added += added.Added
				total.Known += added.Known
				return err
			})
		})
		if err != nil {
			return total, err
		}
		return total, m.do(func() error { return db.EndReading(ctx, batchID, true) })
	}
	total, err := read(m)
	if err != nil {
		return err
	}
	if total.Added != a.N {
		return fmt.Errorf("%d of %d rows were added", total.Added, a.N)
	}
	size := sumFiles(a.Dir)
	m.out[onDisk], m.out[share] = float64(size)/float64(a.N), float64(size)/float64(bytes)
	second := &meter{}
	if total, err = read(second); err != nil {
		return err
	}
	if total.Known != a.N {
		return fmt.Errorf("%d of %d rows were known the second time", total.Known, a.N)
	}
	m.out[again] = float64(a.N) / second.wall.Seconds()
	return nil
}

// addRows is how many rows are made before they are added, off the clock.
const addRows = 16 * chunkRows

// add adds rows in chunks, as the command does.
func add(ctx context.Context, db *bolt.DB, rows []queue.Item) (total queue.Added, err error) {
	for part := range slices.Chunk(rows, chunkRows) {
		added, err := db.Add(ctx, batchID, queue.Chunk{Items: part})
		if err != nil {
			return total, err
		}
		total.Added, total.Known = total.Added+added.Added, total.Known+added.Known
	}
	return total, nil
}

// sqliteEnqueue is the strongest simple use of SQLite: WAL, every commit synced, large transactions, one prepared
// statement, and the dedupe left to a unique index.
func sqliteEnqueue(a args, m *meter) error {
	db, err := openSQLite(filepath.Join(a.Dir, "queue.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(`CREATE TABLE items (seq INTEGER PRIMARY KEY, line INTEGER, bucket TEXT, key TEXT, size TEXT, crc TEXT,
		state TEXT DEFAULT 'pending', UNIQUE (bucket, key))`)
	if err != nil {
		return err
	}
	const transaction = 50_000
	err = chunks(a.N, transaction, order(a.N, a.More["order"] == "random"), func(rows []queue.Item) error {
		quietly()
		return m.do(func() error { return insert(db, rows) })
	})
	if err != nil {
		return err
	}
	n := 0
	if err := db.QueryRow(`SELECT count(*) FROM items`).Scan(&n); err != nil {
		return err
	}
	if n != a.N {
		return fmt.Errorf("%d of %d rows were stored", n, a.N)
	}
	m.out[onDisk] = float64(sumFiles(a.Dir)) / float64(a.N)
	return nil
}

func insert(db *sql.DB, rows []queue.Item) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	add, err := tx.Prepare(`INSERT OR IGNORE INTO items (line, bucket, key, size, crc) VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer add.Close()
	for i := range rows {
		it := &rows[i]
		if _, err := add.Exec(it.Line, it.Bucket, it.Key, it.Extra[0].Value, it.Extra[1].Value); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// openSQLite opens a database with the same durability as airlift's: synced at every commit.
func openSQLite(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal=WAL&_sync=FULL&_timeout=10000")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}
