package codec

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/s2"

	"airlift/queue"
)

// SumLen is the length of a checksum.
const SumLen = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Damaged returns a [queue.ErrCorrupt] that says what is wrong and what to do.
func Damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s; restore the file from a copy, or move it away and start anew",
		queue.ErrCorrupt, fmt.Sprintf(format, args...))
}

// ErrGarbled says that a value cannot be decoded.
var ErrGarbled = errors.New("garbled value")

// Bind appends to a value a checksum over its key and itself. The key is nil if the value is good under any key.
func Bind(key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(value, sum(key, value))
}

// Bound returns the value that Bind was given, if no bit of it or of its key has changed.
func Bound(key, stored []byte) (value []byte, ok bool) {
	n := len(stored) - SumLen
	if n < 0 || binary.BigEndian.Uint32(stored[n:]) != sum(key, stored[:n]) {
		return nil, false
	}
	return stored[:n], true
}

func sum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

// JSON decodes a value that was bound to its key.
func JSON(key, stored []byte, v any) error {
	value, ok := Bound(key, stored)
	if !ok {
		return Damaged("a gate or a daily count is garbled")
	}
	if err := json.Unmarshal(value, v); err != nil {
		return Damaged("%v", err)
	}
	return nil
}

// MaxRaw bounds a value before compression, so that a garbled length cannot exhaust memory.
const MaxRaw = 256 << 20

// Seal compresses a value and puts a checksum before it.
func Seal(raw []byte) ([]byte, error) {
	if len(raw) > MaxRaw {
		return nil, fmt.Errorf("a row of %d bytes is too large to store, at most %d", len(raw), MaxRaw)
	}
	out := make([]byte, SumLen, SumLen+s2.MaxEncodedLen(len(raw)))
	packed := s2.Encode(out[SumLen:cap(out)], raw)
	binary.BigEndian.PutUint32(out, sum(nil, packed))
	return out[:SumLen+len(packed)], nil
}

// Unseal returns the value that Seal was given, in the memory of buf if that is large enough.
func Unseal(buf, sealed []byte) ([]byte, error) {
	if len(sealed) < SumLen || binary.BigEndian.Uint32(sealed) != sum(nil, sealed[SumLen:]) {
		return nil, errors.New("wrong checksum")
	}
	n, err := s2.DecodedLen(sealed[SumLen:])
	if err != nil || n > MaxRaw {
		return nil, ErrGarbled
	}
	return s2.Decode(buf[:cap(buf)], sealed[SumLen:])
}
