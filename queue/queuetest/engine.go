// Package queuetest says what every engine of airlift's queue must do: [Run] is a suite of tests that an engine's own
// tests call. Each queue that the suite opens is checked at the end of its test: the engine's own Check finds nothing and
// the books balance.
package queuetest

import (
	"testing"

	"airlift/queue"
)

// Open opens the queue at path, creating it if there is none; errors end the test.
type Open func(t testing.TB, path string) queue.Store

// Run tests an engine.
func Run(t *testing.T, open Open) {
	for _, group := range [][]test{lifeTests, addTests, markTests, bookTests, retryTests, withdrawTests, adoptTests, unsourcedTests, alikeTests, clashTests, sharedTests, versionTests} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.run(newFixture(t, open))
			})
		}
	}
}

// test is one test of the suite.
type test struct {
	name string
	run  func(f *fixture)
}
