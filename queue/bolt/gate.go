package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"airlift/queue"
)

// Gate returns the stored gate of an account; the zero Gate, which is open, if none was stored.
func (db *DB) Gate(ctx context.Context, account string) (queue.Gate, error) {
	var g queue.Gate
	err := db.view(ctx, func(tx *bbolt.Tx) error {
		return getJSON(tx.Bucket(bucketGates), []byte(account), &g)
	})
	if err != nil {
		return queue.Gate{}, fmt.Errorf("gate of account %q: %w", account, err)
	}
	return g, nil
}

// SetGate stores the gate of an account.
func (db *DB) SetGate(ctx context.Context, account string, g queue.Gate) error {
	if account == "" {
		return errors.New("set gate: the account has no name")
	}
	value, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("set gate: %w", err)
	}
	key := []byte(account)
	return db.submit(ctx, false, func(t *txn) error {
		t.put(t.tx.Bucket(bucketGates), key, bind(key, value))
		return nil
	})
}

// serverKey is where what is known of an account's AiR stands among the gates: no account's name has a zero byte.
func serverKey(account string) []byte { return append([]byte(account), 0) }

// Server returns what is known of the AiR of an account; the zero Server if nothing is.
func (db *DB) Server(ctx context.Context, account string) (queue.Server, error) {
	var s queue.Server
	err := db.view(ctx, func(tx *bbolt.Tx) error {
		return getJSON(tx.Bucket(bucketGates), serverKey(account), &s)
	})
	if err != nil {
		return queue.Server{}, fmt.Errorf("server of account %q: %w", account, err)
	}
	return s, nil
}

// SetServer stores what is known of the AiR of an account.
func (db *DB) SetServer(ctx context.Context, account string, s queue.Server) error {
	if account == "" {
		return errors.New("set server: the account has no name")
	}
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("set server: %w", err)
	}
	key := serverKey(account)
	return db.submit(ctx, false, func(t *txn) error {
		t.put(t.tx.Bucket(bucketGates), key, bind(key, value))
		return nil
	})
}

// Day returns what the account used of a server day.
func (db *DB) Day(ctx context.Context, account string, day queue.Day) (queue.DayCount, error) {
	var c queue.DayCount
	err := db.view(ctx, func(tx *bbolt.Tx) error {
		return getJSON(tx.Bucket(bucketDays), dayKey{account, day}.bytes(), &c)
	})
	if err != nil {
		return queue.DayCount{}, fmt.Errorf("day of account %q: %w", account, err)
	}
	return c, nil
}

// SetCapped notes that the account's daily cap was reached on that server day.
func (db *DB) SetCapped(ctx context.Context, account string, day queue.Day) error {
	if account == "" {
		return errors.New("set capped: the account has no name")
	}
	k := dayKey{account, day}
	return db.submit(ctx, false, func(t *txn) error {
		c, err := t.day(k)
		if err != nil {
			return err
		}
		c.Capped = true
		t.bookDay(k, 0, 0)
		return nil
	})
}

// dayKey names a server day of an account.
type dayKey struct {
	account string
	day     queue.Day
}

func (k dayKey) bytes() []byte {
	b := append([]byte(k.account), 0)
	return binary.BigEndian.AppendUint32(b, uint32(k.day))
}

// day returns the count, from memory once it was read. To change it use bookDay.
func (t *txn) day(k dayKey) (*queue.DayCount, error) {
	if c := t.db.days[k]; c != nil {
		return c, nil
	}
	var c queue.DayCount
	if err := getJSON(t.tx.Bucket(bucketDays), k.bytes(), &c); err != nil {
		return nil, err
	}
	t.db.days[k] = &c
	return &c, nil
}

// bookDay changes a count that day has returned before. Both stay at or above zero.
func (t *txn) bookDay(k dayKey, claimed, submitted int64) {
	c := t.db.days[k]
	c.Claimed = max(0, c.Claimed+claimed)
	c.Submitted = max(0, c.Submitted+submitted)
	t.days[k] = true
	t.writes++
}

// getJSON leaves v as it is if the key is missing.
func getJSON(b *bbolt.Bucket, key []byte, v any) error {
	stored := b.Get(key)
	if stored == nil {
		return nil
	}
	return decodeJSON(key, stored, v)
}

// decodeJSON reads a value that was bound to its key.
func decodeJSON(key, stored []byte, v any) error {
	value, ok := bound(key, stored)
	if !ok {
		return damaged("a gate or a daily count is garbled")
	}
	if err := json.Unmarshal(value, v); err != nil {
		return damaged("%v", err)
	}
	return nil
}
