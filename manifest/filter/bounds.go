package filter

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"airlift/manifest/entry"
)

var sizeForm = regexp.MustCompile(`^([0-9]+\.?[0-9]*|\.[0-9]+)([bkmgtpe]?)(i?b?)$`)

// ParseSize parses a size as rclone's SizeSuffix does, which humanize does not: K, M, G, T, P and E are
// powers of 1024, each also written Ki or KiB; B is bytes, and a bare number is
// KiB. Case does not matter. Its errors are entry.ErrUsage.
func ParseSize(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(strings.ToLower(s))
	switch {
	case m == nil, m[2] == "" && m[3] != "", m[2] == "b" && m[3] != "":
		return 0, entry.Usagef("%q is no size; write for example 500B, 10K, 1.5G or 20MiB", s)
	case m[3] == "b":
		return 0, entry.Usagef("%q could mean powers of 1000; sizes are powers of 1024: write %siB", s, s[:len(s)-1])
	}
	unit := m[2]
	switch unit {
	case "b":
	case "":
		unit = "kib"
	default:
		unit += "ib"
	}
	n, err := humanize.ParseBytes(m[1] + unit)
	if err != nil || n > math.MaxInt64 {
		return 0, entry.Usagef("%q is larger than any object", s)
	}
	return int64(n), nil
}

// ages are rclone's units that time.ParseDuration lacks. Libraries that have them differ from rclone: its M is 30 days.
var ages = map[byte]time.Duration{'d': day, 'w': 7 * day, 'M': 30 * day, 'y': 365 * day}

const day = 24 * time.Hour

// moments are the layouts of dates; without a zone they are in UTC.
var moments = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

// ParseMoment parses an instant: a date (2006-01-02, with a time or not, RFC 3339 or in UTC), or how long ago it is, as
// in rclone: a number with ms, s, m, h, d, w, M (30 days) or y (365 days), or Go's form (1h30m). A bare number is
// refused: it says no unit. Its errors are entry.ErrUsage.
func ParseMoment(s string, now time.Time) (time.Time, error) {
	for _, form := range moments {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), nil
		}
	}
	age, err := time.ParseDuration(s)
	if s != "" && err != nil {
		if unit := ages[s[len(s)-1]]; unit > 0 {
			var n float64
			n, err = strconv.ParseFloat(s[:len(s)-1], 64)
			if most := float64(math.MaxInt64) / float64(unit); err == nil && !(n >= 0 && n < most) {
				return time.Time{}, entry.Usagef("%q is no age; it lies between 0 and 292 years", s)
			}
			age = time.Duration(n * float64(unit))
		}
	}
	switch _, bare := strconv.ParseFloat(s, 64); {
	case bare == nil:
		return time.Time{}, entry.Usagef("%q says no unit; write for example %sd or %sh", s, s, s)
	case err != nil || age < 0:
		return time.Time{}, entry.Usagef("%q is neither an age nor a date; write for example 36h, 7d, 2w, 3M, 1y, 2006-01-02 or 2006-01-02T15:04:05Z", s)
	}
	return now.UTC().Add(-age), nil
}
