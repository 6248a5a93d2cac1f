package ratelimit

import (
	"testing"

	"golang.org/x/time/rate"
)

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		in   string
		want rate.Limit
	}{
		{"5/s", 5}, {"0.5/s", 0.5}, {"300/m", 5}, {"1/m", 1.0 / 60}, {"1800/h", 0.5},
		{"12", 12}, {" 5 / S ", 5}, {"unlimited", Unlimited}, {"7/h", 7.0 / 3600},
	} {
		got, err := ParseRate(c.in)
		if err != nil || got != c.want {
			t.Errorf("ParseRate(%q): got %v, %v, want %v", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{"", "0/s", "-1/s", "five/s", "5/d", "NaN/s", "Inf/s", "5/s/s", "1e12/s"} {
		if got, err := ParseRate(in); err == nil {
			t.Errorf("ParseRate(%q): got %v, want an error", in, got)
		}
	}
}
