package playtime

import (
	"testing"
	"time"

	"airlift/queue"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5400": 90 * time.Minute, " 93.25 ": 93250 * time.Millisecond, "90.000": 90 * time.Second, "1h30m": 90 * time.Minute, "0.0001": time.Millisecond,
		"0.1": 100 * time.Millisecond, "36000000": 10_000 * time.Hour, "250ms": 250 * time.Millisecond,
		"": 0, "0": 0, "-5": 0, "-1h": 0, "NaN": 0, "Inf": 0, "1e300": 0, "36000001": 0, "00:12:30": 0, "12:30": 0, "90 min": 0, "a while": 0,
	} {
		it := queue.Item{Extra: []queue.Field{{Name: "note", Value: "7"}, {Name: "Duration", Value: text}}}
		if got := Of(&it); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if got := Of(&queue.Item{Extra: []queue.Field{{Name: "length", Value: "7"}}}); got != 0 {
		t.Errorf("without the column: got %v", got)
	}
}

// What was found is read back; a row's own time stays, and rows that share their columns do not see each other's.
func TestKeep(t *testing.T) {
	const found = 90*time.Second + 250*time.Millisecond
	shared := make([]queue.Field, 1, 8)
	shared[0] = queue.Field{Name: "note", Value: "x"}
	a, b := queue.Item{Extra: shared}, queue.Item{Extra: shared}
	Keep(&a, found)
	Keep(&b, time.Minute)
	if Of(&a) != found || Of(&b) != time.Minute || len(shared) != 1 {
		t.Errorf("got %v and %v", Of(&a), Of(&b))
	}
	for value, want := range map[string]time.Duration{"": found, " ": found, "60": time.Minute, "a while": 0} {
		before := []queue.Field{{Name: "DURATION", Value: value}}
		it := queue.Item{Extra: before}
		Keep(&it, found)
		if got := Of(&it); got != want || len(it.Extra) != 1 || before[0].Value != value {
			t.Errorf("%q: got %v, want %v; the row's own is now %q", value, got, want, before[0].Value)
		}
	}
	var none queue.Item
	Keep(&none, 0)
	if len(none.Extra) != 0 {
		t.Errorf("nothing found: got %v", none.Extra)
	}
	if !Known([]string{"note", "Duration"}) || Known([]string{"note"}) {
		t.Error("the names of the column")
	}
}
