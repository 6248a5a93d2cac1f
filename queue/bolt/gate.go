package bolt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// Account implements [queue.Reader].
func (db *DB) Account(ctx context.Context, name string, day queue.Day) (s queue.AccountState, err error) {
	err = db.view(ctx, func(tx *bbolt.Tx) error {
		gates, days := tx.Bucket(bucketGates), tx.Bucket(bucketDays)
		return errors.Join(getJSON(gates, []byte(name), &s.Gate), getJSON(gates, codec.ServerKey(name), &s.Server),
			getJSON(gates, codec.ControlKey(name), &s.Control), getJSON(days, codec.AccountDay{Account: name, Day: day}.Key(), &s.Day))
	})
	if err != nil {
		return queue.AccountState{}, fmt.Errorf("account %q: %w", name, err)
	}
	return s, nil
}

// Days implements [queue.Reader].
func (db *DB) Days(ctx context.Context, name string, first, last queue.Day) (all []queue.DayCount, err error) {
	return all, db.view(ctx, func(tx *bbolt.Tx) error {
		all, err = queue.CollectDays(first, last, func(d queue.Day) (c queue.DayCount, err error) {
			return c, getJSON(tx.Bucket(bucketDays), codec.AccountDay{Account: name, Day: d}.Key(), &c)
		})
		return err
	})
}

// SetGate implements [queue.Claims].
func (db *DB) SetGate(ctx context.Context, account string, g queue.Gate) error {
	return db.setAccount(ctx, account, []byte(account), g)
}

// SetServer implements [queue.Claims].
func (db *DB) SetServer(ctx context.Context, account string, s queue.Server) error {
	return db.setAccount(ctx, account, codec.ServerKey(account), s)
}

func (db *DB) setAccount(ctx context.Context, account string, key []byte, v any) error {
	if account == "" {
		return errNoAccount
	}
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("account %q: %w", account, err)
	}
	return db.submit(ctx, false, func(t *txn) error {
		t.put(t.tx.Bucket(bucketGates), key, codec.Bind(key, value))
		return nil
	})
}

var errNoAccount = errors.New("the account has no name")

// SetControl implements [queue.Admin].
func (db *DB) SetControl(ctx context.Context, account string, c queue.Control) error {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("account %q: %w", account, err)
	}
	return db.setAccount(ctx, account, codec.ControlKey(account), c)
}

// Observe implements [queue.Claims].
func (db *DB) Observe(ctx context.Context, account string, o queue.Observation) error {
	if account == "" {
		return errNoAccount
	}
	k := codec.AccountDay{Account: account, Day: queue.DayOf(o.At)}
	return db.submit(ctx, false, func(t *txn) error {
		c, err := t.day(k)
		if err != nil {
			return err
		}
		c.Note(o)
		t.bookDay(k, 0, 0)
		return nil
	})
}

// day returns the count, from memory once it was read. To change it use bookDay.
func (t *txn) day(k codec.AccountDay) (*queue.DayCount, error) {
	if c := t.db.days[k]; c != nil {
		return c, nil
	}
	var c queue.DayCount
	if err := getJSON(t.tx.Bucket(bucketDays), k.Key(), &c); err != nil {
		return nil, err
	}
	t.db.days[k] = &c
	return &c, nil
}

// bookDay changes a count that day has returned before. Both stay at or above zero.
func (t *txn) bookDay(k codec.AccountDay, claimed, submitted int64) {
	c := t.db.days[k]
	c.Claimed = max(0, c.Claimed+claimed)
	c.Submitted = max(0, c.Submitted+submitted)
	t.days[k] = true
	t.writes++
}

// getJSON leaves v as it is if the key is missing.
func getJSON(b *bbolt.Bucket, key []byte, v any) error {
	if stored := b.Get(key); stored != nil {
		return codec.JSON(key, stored, v)
	}
	return nil
}
