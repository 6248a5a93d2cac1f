package air

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dates parses Date headers (RFC 9110, 6.6.1). All answers of one second have the same,
// so the last one is kept.
type dates struct{ last atomic.Pointer[dated] }

type dated struct {
	text string
	time time.Time
}

// parse returns the time, zero if there is none or it is not valid.
func (d *dates) parse(text []byte) time.Time {
	if last := d.last.Load(); last != nil && last.text == string(text) {
		return last.time
	}
	t, err := http.ParseTime(string(text))
	if err != nil {
		return time.Time{}
	}
	d.last.Store(&dated{string(text), t})
	return t
}
