package main

import "testing"

func TestEasedPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 400}, {4 << 20, 400}, {16 << 20, 400}, {32 << 20, 200}, {64 << 20, 100}, {1 << 30, 100}} {
		if got := easedPercent(c.live); got != c.want {
			t.Errorf("with %d bytes in use: got %d, want %d", c.live, got, c.want)
		}
	}
	if liveHeap() > 1<<40 {
		t.Error("the heap in use is not known")
	}
}
