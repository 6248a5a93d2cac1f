package outage

import (
	"testing"
	"time"
)

func TestDetector(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	d := Detector{GiveUp: time.Hour}
	for i := range 3 {
		if hold, _ := d.Bad(now, 4, true, false, true); hold != 0 {
			t.Fatalf("held after %d bad outcomes, want after 4", i+1)
		}
	}
	holds := []time.Duration{}
	for range 12 {
		hold, giveUp := d.Bad(now, 4, true, true, true)
		if giveUp {
			t.Fatal("gave up at once")
		}
		holds = append(holds, hold)
		now = now.Add(hold)
	}
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300} {
		if holds[i] != want*time.Second {
			t.Errorf("wait %d: got %v, want %vs", i+1, holds[i], want)
		}
	}
	for !func() bool { hold, giveUp := d.Bad(now, 4, true, true, true); now = now.Add(hold); return giveUp }() {
	}
	if got := d.Lasting(now); got != time.Hour {
		t.Errorf("gave up after %v, want 1h", got)
	}
	d.Reset(false)
	if hold, giveUp := d.Bad(now, 4, true, true, true); giveUp || hold != time.Second {
		t.Errorf("after an answer: got %v, %v, want it to begin anew", hold, giveUp)
	}
	unanswered := Detector{GiveUp: 12 * time.Hour}
	unanswered.Bad(now, 4, true, true, false)
	if _, giveUp := unanswered.Bad(now.Add(time.Minute), 4, true, true, false); !giveUp {
		t.Error("a run that never had an answer went on after a minute")
	}
}
