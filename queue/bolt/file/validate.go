package file

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"os"

	"airlift/queue/bolt/codec"
)

// The parts of bbolt's meta page that say how long the file must be (bbolt/internal/common: Page, Meta).
const (
	pageHeader   = 16
	metaSize     = 64 // up to and with the checksum
	metaMagic    = 0xED0CDAED
	metaVersion  = 2
	metaPageSize = 8  // offsets in the meta
	metaHigh     = 40 // pages in use, free ones included
	metaTxid     = 48
	metaSum      = 56
)

// Validate reports whether the file has a valid meta page and is as long as that says. bbolt maps the file without
// comparing: a file that was cut short would end the process with a bus error.
func Validate(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	high, pageSize, err := newestMeta(f)
	if err != nil {
		return err
	}
	// The length after the meta: while another process writes, the file only grows.
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if want := high * pageSize; uint64(info.Size()) < want {
		return codec.Damaged("the file is cut short: it has %d bytes of at least %d", info.Size(), want)
	}
	return nil
}

// newestMeta returns the number of pages and the size of a page by the newest valid meta page. The metas are pages 0
// and 1; if page 0 is damaged, page 1 is looked for at every size that a page can have.
func newestMeta(f io.ReaderAt) (high, pageSize uint64, err error) {
	var newest uint64
	for size := uint64(0); size <= 64<<10; size = max(1<<10, size*2) {
		page := make([]byte, pageHeader+metaSize)
		if _, err := f.ReadAt(page, int64(size)); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, 0, err
		}
		m := page[pageHeader:]
		sum := fnv.New64a()
		sum.Write(m[:metaSum])
		if le32(m) != metaMagic || le32(m[4:]) != metaVersion || le64(m[metaSum:]) != sum.Sum64() {
			continue
		}
		own := uint64(le32(m[metaPageSize:]))
		if txid := le64(m[metaTxid:]); (size == 0 || size == own) && own != 0 && (pageSize == 0 || txid > newest) {
			newest, high, pageSize = txid, le64(m[metaHigh:]), own
		}
	}
	if pageSize == 0 {
		return 0, 0, codec.Damaged("the file has no valid header")
	}
	return high, pageSize, nil
}

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// Trim cuts a file that is closed to the pages that are in use, and makes it durable.
func Trim(path string, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	high, pageSize, err := newestMeta(f)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(int64(high*pageSize)), f.Chmod(mode), f.Sync(), f.Close())
}
