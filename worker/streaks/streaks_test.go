package streaks

import (
	"testing"
	"testing/synctest"
	"time"
)

// Two in a row, and then one that fits, are no streak; nor are many that were in flight at once.
func TestMixedUpAnswersCountInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m MixUps
		for range 10 {
			for n := range 2 {
				sent := time.Now()
				time.Sleep(time.Second)
				for range 8 {
					if got := m.Add(sent); got != n+1 {
						t.Fatalf("got a streak of %d, want %d", got, n+1)
					}
				}
				time.Sleep(time.Nanosecond)
			}
			m.Reset()
		}
	})
}
