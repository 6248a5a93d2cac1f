package ratelimit

import (
	"testing"

	"golang.org/x/time/rate"
)

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		in   string
		want rate.Limit
		out  string
	}{
		{"5/s", 5, "5/s"}, {"0.5/s", 0.5, "30/m"}, {"300/m", 5, "5/s"}, {"1/m", 1.0 / 60, "1/m"}, {"1800/h", 0.5, "30/m"},
		{"12", 12, "12/s"}, {" 5 / S ", 5, "5/s"}, {"unlimited", Unlimited, "unlimited"}, {"7/h", 7.0 / 3600, "7/h"},
	} {
		got, err := ParseRate(c.in)
		if err != nil || got != c.want {
			t.Errorf("ParseRate(%q): got %v, %v, want %v", c.in, got, err, c.want)
			continue
		}
		if text := FormatRate(got); text != c.out {
			t.Errorf("FormatRate(%v): got %q, want %q", got, text, c.out)
		}
	}
	for _, in := range []string{"", "0/s", "-1/s", "five/s", "5/d", "NaN/s", "Inf/s", "5/s/s", "1e12/s"} {
		if got, err := ParseRate(in); err == nil {
			t.Errorf("ParseRate(%q): got %v, want an error", in, got)
		}
	}
}
