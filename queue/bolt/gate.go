package bolt

import (
	"context"
	"encoding/binary"
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
		return errors.Join(getJSON(gates, []byte(name), &s.Gate), getJSON(gates, serverKey(name), &s.Server),
			getJSON(gates, controlKey(name), &s.Control), getJSON(days, dayKey{name, day}.bytes(), &s.Day))
	})
	if err != nil {
		return queue.AccountState{}, fmt.Errorf("account %q: %w", name, err)
	}
	return s, nil
}

// SetGate implements [queue.Claims].
func (db *DB) SetGate(ctx context.Context, account string, g queue.Gate) error {
	return db.setAccount(ctx, account, []byte(account), g)
}

// SetServer implements [queue.Claims].
func (db *DB) SetServer(ctx context.Context, account string, s queue.Server) error {
	return db.setAccount(ctx, account, serverKey(account), s)
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

// serverKey is where what is known of an account's AiR stands among the gates: no account's name has a zero byte.
func serverKey(account string) []byte { return append([]byte(account), 0) }

// SetControl implements [queue.Admin].
func (db *DB) SetControl(ctx context.Context, account string, c queue.Control) error {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("account %q: %w", account, err)
	}
	return db.setAccount(ctx, account, controlKey(account), c)
}

// controlKey is where what an operator has set for an account stands among the gates.
func controlKey(account string) []byte { return append(serverKey(account), "control"...) }

// SetCapped implements [queue.Claims].
func (db *DB) SetCapped(ctx context.Context, account string, day queue.Day) error {
	if account == "" {
		return errNoAccount
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
	if stored := b.Get(key); stored != nil {
		return codec.JSON(key, stored, v)
	}
	return nil
}
