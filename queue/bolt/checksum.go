package bolt

import (
	"encoding/binary"
	"hash/crc32"
)

// bbolt checks only its meta pages, so every value has a checksum of its own: a flipped bit must end the work, not change
// what is sent. Blocks and rejected rows have theirs before them (see seal), all else behind it.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumLen is the length of a checksum.
const sumLen = 4

// appendSum appends a checksum to a value.
func appendSum(value []byte) []byte {
	return binary.BigEndian.AppendUint32(value, crc32.Checksum(value, castagnoli))
}

// summed returns what appendSum was given, if not a bit of it has changed.
func summed(value []byte) ([]byte, bool) {
	n := len(value) - sumLen
	if n < 0 || binary.BigEndian.Uint32(value[n:]) != crc32.Checksum(value[:n], castagnoli) {
		return nil, false
	}
	return value[:n], true
}

// bind appends a checksum over a value and its key, so that the value is believed under this key only.
func bind(key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(value, keyedSum(key, value))
}

// bound returns what bind was given, if not a bit of the value or its key has changed.
func bound(key, value []byte) ([]byte, bool) {
	n := len(value) - sumLen
	if n < 0 || binary.BigEndian.Uint32(value[n:]) != keyedSum(key, value[:n]) {
		return nil, false
	}
	return value[:n], true
}

func keyedSum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}
