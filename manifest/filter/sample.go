package filter

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"airlift/manifest/entry"
)

// maxSample is the largest sample by number: its rows are held in memory until the sources end.
const maxSample = 100_000

// Sample says which part of the objects to take. The zero value takes all.
type Sample struct {
	// Count is how many objects to take: those with the smallest rank of all
	// that pass the filters; they are known only at the end of the sources.
	Count int
	// below is the rank under which an object is taken, 0 for no bound.
	below uint64
}

// ParseSample reads N (1 to maxSample) or P% (over 0 to 100). Its errors are entry.ErrUsage.
func ParseSample(s string) (Sample, error) {
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		p, err := strconv.ParseFloat(percent, 64)
		switch {
		case err != nil || !(p > 0 && p <= 100):
			return Sample{}, entry.Usagef("%q is no share; write over 0%% to 100%%, for example 0.5%%", s)
		case p == 100:
			return Sample{}, nil
		}
		return Sample{below: max(1, uint64(p/100*math.MaxUint64))}, nil
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil || n < 1:
		return Sample{}, entry.Usagef("%q is neither a number of objects nor a share; write for example 500 or 1%%", s)
	case n > maxSample:
		return Sample{}, entry.Usagef("%q is more than %d; give a share, for example 1%%", s, maxSample)
	}
	return Sample{Count: n}, nil
}

// Rank returns a hash of the object: a pseudo-random but fixed place among all objects: samples are taken from the low
// end, so a larger share holds the smaller ones. It depends on nothing but the object's bucket and key.
func Rank(bucket, key string) uint64 {
	b := make([]byte, 0, 128)
	b = append(append(append(b, bucket...), 0), key...) // no bucket's name holds a 0
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// takes reports whether the object is in the share.
func (s Sample) takes(e *entry.Entry) bool { return s.below == 0 || Rank(e.Bucket, e.Key) < s.below }
