package bolt

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"airlift/queue/hold"

	"airlift/queue/bolt/codec"
)

// newName is where create builds a file.
func newName(path string) string { return path + ".new" }

// removeLeft removes what a create or a compact left that was killed; the caller holds the lock, so none is at work. The
// first may be a second name of the queue.
func removeLeft(path string) {
	os.Remove(newName(path))
	os.Remove(compactName(path))
}

// create makes an empty queue at path, whole or not at all: it is built under another name in the same folder, synced,
// and only then given its own. The caller holds the lock. A file that came meanwhile stays.
func create(path string) error {
	dir := filepath.Dir(path)
	tmp := newName(path)
	defer os.Remove(tmp)
	if err := fill(tmp); err != nil {
		return err
	}
	if err := syncFile(tmp); err != nil {
		return err
	}
	// A link, unlike a rename, never replaces; some file systems have none.
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := os.Rename(tmp, path); err != nil {
			return err
		}
	}
	return hold.SyncFolder(dir)
}

// makeFolder makes a folder and those above it that are missing. Its name is durable when it returns, even if it was
// there: whoever made it may have been killed before it was.
func makeFolder(dir string) error {
	above := filepath.Dir(dir)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := makeFolder(above); err != nil {
			return err
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return settleNames(above)
}

// settleNames makes durable what another process may have done to the names in a folder and not synced. In a folder that
// we may not read no process of this user did anything.
func settleNames(dir string) error {
	if err := hold.SyncFolder(dir); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// fill makes the buckets.
func fill(path string) error {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketBatches, bucketGates, bucketDays} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		key := make([]byte, 16)
		rand.Read(key)
		meta := tx.Bucket(bucketMeta)
		return errors.Join(meta.Put(keyMagic, []byte(magic)), meta.Put(keyIndexKey, codec.Bind(keyIndexKey, key)),
			meta.Put(keyFormat, formatValue()))
	})
	if err != nil {
		return err
	}
	return db.Close()
}

// formatValue is what the header holds as the format.
func formatValue() []byte { return binary.BigEndian.AppendUint32(nil, format) }

// syncFile makes a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return f.Close()
}
