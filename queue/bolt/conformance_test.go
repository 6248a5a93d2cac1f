package bolt

import (
	"testing"

	"airlift/queue"
	"airlift/queue/queuetest"
)

func TestConformance(t *testing.T) {
	queuetest.Run(t, func(t testing.TB, path string) queue.Store {
		db, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}
