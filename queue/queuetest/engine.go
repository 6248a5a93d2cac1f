package queuetest

import (
	"testing"

	"airlift/queue"
)

// Open opens the queue at path, creating it if there is none; errors end the test.
type Open func(t testing.TB, path string) queue.Store

// Run tests an engine.
func Run(t *testing.T, open Open) {
	for _, group := range [][]test{lifeTests, addTests, markTests, bookTests, retryTests, withdrawTests, adoptTests, unsourcedTests, alikeTests, clashTests, sharedTests, versionTests, controlTests, claimTests, historyTests} {
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
