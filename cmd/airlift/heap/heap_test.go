package heap

import "testing"

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		items int64
		live  uint64
		want  int64
	}{{0, 0, 80 << 20}, {1 << 20, 4 << 20, 83 << 20}, {10 << 20, 60 << 20, 110 << 20}, {0, 200 << 20, 300 << 20}} {
		if got := limit(c.items, c.live); got != c.want {
			t.Errorf("%d items, %d bytes in use: got %d, want %d", c.items, c.live, got, c.want)
		}
	}
	if used := live(); used > 1<<40 {
		t.Errorf("the heap in use is not known: got %d", used)
	}
}
