package preflight

import (
	"errors"
	"io"
)

// What one object may cost at most: requests for parts of it, and bytes.
const (
	maxGets  = 3
	maxBytes = 256 << 10
	// containerBytes is how much of an object in a container the first request asks for.
	containerBytes = 16 << 10
	// partBytes is how much each further request asks for.
	partBytes = (maxBytes - containerBytes) / (maxGets - 1)
)

// errBudget says that what is wanted lies beyond what an object may cost.
var errBudget = errors.New("preflight: enough of the object was read")

// part is a piece of an object.
type part struct {
	at   int64
	data []byte
}

// ranged reads an object by a few range requests. Parts already read are not requested again.
type ranged struct {
	// get returns the bytes from at on, n at most.
	get   func(at, n int64) ([]byte, error)
	size  int64 // of the object
	parts []part
	gets  int // requests still allowed
	at    int64
	// until is the end of the box that is read now, from the object's start: no part is requested beyond it.
	until int64
}

// newRanged reads an object whose first bytes are there.
func newRanged(first []byte, size int64, get func(at, n int64) ([]byte, error)) *ranged {
	return &ranged{get: get, size: size, until: size, parts: []part{{0, first}}, gets: maxGets - 1}
}

// Read reads what is at hand, and requests a part if nothing is. Its errors are io.EOF, errBudget and those of get.
func (r *ranged) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.at >= r.size {
		return 0, io.EOF
	}
	for _, part := range r.parts {
		if r.at >= part.at && r.at < part.at+int64(len(part.data)) {
			n := copy(p, part.data[r.at-part.at:])
			r.at += int64(n)
			return n, nil
		}
	}
	if r.gets == 0 {
		return 0, errBudget
	}
	r.gets--
	end := r.size
	if r.at < r.until {
		end = min(end, r.until)
	}
	data, err := r.get(r.at, min(partBytes, end-r.at))
	if err != nil {
		return 0, err
	}
	if len(data) == 0 {
		return 0, errBudget
	}
	r.parts = append(r.parts, part{r.at, data})
	return r.Read(p)
}

// Seek moves to a place of the object or behind it.
func (r *ranged) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return r.at, errMalformed
	}
	r.at = offset
	return offset, nil
}
