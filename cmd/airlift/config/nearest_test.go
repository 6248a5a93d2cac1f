package config

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"rate", "burst", "workers", "destination-bucket", "destination-region", "scan-rate", "queue", "on-daily-cap"}
	for name, want := range map[string]string{
		"worker": "workers", "wrokers": "workers", "wokrers": "workers", "ratee": "rate", "rat": "rate", "qeueu": "queue",
		"destination-buckets": "destination-bucket", "destinaton-regoin": "destination-region", "ondailycap": "on-daily-cap",
		"secret-key": "", "": "", "x": "", "nonsense": "", "destination": "",
	} {
		if got, ok := Nearest(name, known); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", name, got, ok, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "abcd", 1}, {"abc", "axc", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}} {
		if got, back := distance(c.a, c.b), distance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%q, %q: got %d and %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}
