package filter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"airlift/manifest/entry"
)

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "0B": 0, "500B": 500, "500b": 500, "1": 1024, "100": 100 << 10, "10K": 10 << 10, "10k": 10 << 10, "10Ki": 10 << 10, "10KiB": 10 << 10,
		"5M": 5 << 20, "1.5G": 3 << 29, ".5T": 1 << 39, "2.P": 2 << 50, "1E": 1 << 60, "0.5B": 0,
	} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", s, got, err, want)
		}
	}
	for s, says := range map[string]string{
		"": "is no size", "x": "is no size", "-1K": "is no size", "1X": "is no size", "1.2.3M": "is no size", "1 M": "is no size", "1i": "is no size",
		"1bi": "is no size", "off": "is no size", "10MB": "write 10MiB", "10kb": "write 10kiB", "9E": "larger than any object", "99999999999999999999E": "larger than any object",
	} {
		if got, err := ParseSize(s); !errors.Is(err, entry.ErrUsage) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %d, %v, want an error that says %q", s, got, err, says)
		}
	}
}

func TestParseMoment(t *testing.T) {
	now := time.Date(2026, 5, 31, 12, 0, 0, 0, time.FixedZone("", 2*60*60))
	for s, want := range map[string]string{
		"1500ms": "2026-05-31T09:59:58.5Z", "90s": "2026-05-31T09:58:30Z", "5m": "2026-05-31T09:55:00Z", "36h": "2026-05-29T22:00:00Z", "1h30m": "2026-05-31T08:30:00Z",
		"7d": "2026-05-24T10:00:00Z", "1.5d": "2026-05-29T22:00:00Z", "2w": "2026-05-17T10:00:00Z", "1M": "2026-05-01T10:00:00Z", "1y": "2025-05-31T10:00:00Z", "0s": "2026-05-31T10:00:00Z",
		"2026-01-02": "2026-01-02T00:00:00Z", "2026-01-02T03:04:05": "2026-01-02T03:04:05Z", "2026-01-02 03:04": "2026-01-02T03:04:00Z",
		"2026-01-02 03:04:05": "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+02:00": "2026-01-02T01:04:05Z", "2026-01-02T03:04:05.5Z": "2026-01-02T03:04:05.5Z",
	} {
		got, err := ParseMoment(s, now)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: got %v, %v, want %s", s, got, err, want)
		}
	}
	for s, says := range map[string]string{
		"": "neither an age nor a date", "7": "write for example 7d", "d": "neither", "7x": "neither", "-7d": "lies between", "-7h": "neither", "NaNd": "lies between",
		"300y": "lies between", "2026-13-01": "neither", "01.02.2026": "neither", "1d12h": "neither",
	} {
		if got, err := ParseMoment(s, now); !errors.Is(err, entry.ErrUsage) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, %v, want an error that says %q", s, got, err, says)
		}
	}
}
