package ratelimit

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/time/rate"
)

// Unlimited is the rate without a limit.
const Unlimited = rate.Inf

// ParseRate reads "N/s", "N/m", "N/h" (N a positive decimal number; "N" alone is a second's) or "unlimited" and returns
// requests a second.
func ParseRate(s string) (rate.Limit, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	if text == "unlimited" {
		return Unlimited, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(n > 0) || n > 1e9 {
		return 0, fmt.Errorf("rate %q: write a number above 0 with its unit, like 5/s, 300/m or 1000/h, or unlimited", s)
	}
	switch strings.TrimSpace(unit) {
	case "", "s":
		return rate.Limit(n), nil
	case "m":
		return rate.Limit(n / 60), nil
	case "h":
		return rate.Limit(n / 3600), nil
	}
	return 0, fmt.Errorf("rate %q: the unit is s, m or h, like 5/s, 300/m or 1000/h", s)
}

// FormatRate formats a rate for [ParseRate], in the unit with the shortest number.
func FormatRate(r rate.Limit) string {
	if r == Unlimited {
		return "unlimited"
	}
	for _, u := range []struct {
		perSecond float64
		unit      string
	}{{1, "s"}, {60, "m"}, {3600, "h"}} {
		if n := float64(r) * u.perSecond; n >= 1 || u.unit == "h" {
			return strconv.FormatFloat(n, 'g', 6, 64) + "/" + u.unit
		}
	}
	panic("unreachable")
}
