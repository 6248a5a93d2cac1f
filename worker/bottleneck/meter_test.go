package bottleneck

import (
	"testing"
	"testing/synctest"
	"time"
)

// Only the last seconds count, also after hours without a change.
func TestOnlyTheLastSecondsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		want := func(want Cause) {
			t.Helper()
			if got, _ := m.Bottleneck(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		w := m.Begin()
		w.Enter(Space)
		time.Sleep(5 * time.Hour)
		want(Rate)
		w.Enter(Pass)
		time.Sleep(2 * window)
		want(Canary)
		for range 3600 {
			w.Enter(Request)
			time.Sleep(2 * time.Second)
			w.Enter(Claim)
			time.Sleep(100 * time.Millisecond)
		}
		want(Latency)
		w.Enter(BackOff)
		time.Sleep(2 * window)
		want(AiR)
		w.End()
		w = m.Begin()
		w.Enter(Claim)
		time.Sleep(2 * window)
		want(Items)
		w.Enter(Space) // items have come
		time.Sleep(time.Second)
		want(Rate)
	})
}

// Few workers wait at the limit at a time. It is the bottleneck all the same, unless all others are in requests.
func TestAFewWaitForAllOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		all := []*Worker{m.Begin(), m.Begin(), m.Begin(), m.Begin(), m.Begin()}
		all[0].Enter(Space)
		all[1].Enter(Request)
		time.Sleep(time.Minute)
		if got, _ := m.Bottleneck(); got != Rate {
			t.Errorf("got %q, want the rate", got)
		}
		for _, w := range all {
			w.Enter(Request)
		}
		time.Sleep(time.Second / 2)
		for _, w := range all {
			w.Enter(Request) // an answer
		}
		time.Sleep(time.Minute)
		if got, answer := m.Bottleneck(); got != Latency && got != Workers || answer == 0 {
			t.Errorf("got %q, %v, want the workers", got, answer)
		}
	})
}

func BenchmarkPhases(b *testing.B) {
	m := NewMeter()
	b.RunParallel(func(pb *testing.PB) {
		w := m.Begin()
		defer w.End()
		for pb.Next() {
			w.Enter(Space)
			w.Enter(Request)
		}
	})
}
