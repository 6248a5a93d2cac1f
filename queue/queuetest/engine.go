// Package queuetest says what every engine of airlift's queue must do: [Run] is a suite of tests that an engine's own
// tests call. Each queue that the suite opens is checked at the end of its test: the engine's own Check finds nothing and
// the books balance.
package queuetest

import (
	"context"
	"testing"

	"airlift/queue"
)

// Engine is what every engine offers. The methods are safe for concurrent use, and what they change is durable when they
// return; package bolt, the first engine, says more at each.
type Engine interface {
	Batches(ctx context.Context) ([]queue.Batch, error)
	Batch(ctx context.Context, id string) (queue.Batch, error)
	CreateBatch(ctx context.Context, b queue.Batch) error
	SetSettings(ctx context.Context, id string, s queue.Settings) error

	BeginReading(ctx context.Context, id string) error
	Prepare(ctx context.Context, id string, c *queue.Chunk) error
	Add(ctx context.Context, id string, c queue.Chunk) (queue.Added, error)
	ResumeReading(ctx context.Context, id string) error
	EndReading(ctx context.Context, id string, complete bool) error
	Marks(ctx context.Context, id string) ([]queue.Mark, error)

	Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error)
	Has(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error)
	SentElsewhere(ctx context.Context, notBatch string, items []queue.Item) (batch string, n int, err error)
	Sent(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error)
	Alike(ctx context.Context, id string, items []queue.Item) ([]string, error)

	Claim(ctx context.Context, req queue.ClaimRequest) ([]queue.Claimed, error)
	Finish(ctx context.Context, results []queue.Result) ([]queue.Clash, error)
	Exchange(ctx context.Context, results []queue.Result, req queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error)
	InDoubt(ctx context.Context, id string, after int64, max int) ([]queue.Claimed, error)
	Changed() <-chan struct{}

	Gate(ctx context.Context, account string) (queue.Gate, error)
	SetGate(ctx context.Context, account string, g queue.Gate) error
	Server(ctx context.Context, account string) (queue.Server, error)
	SetServer(ctx context.Context, account string, s queue.Server) error
	SetCapped(ctx context.Context, account string, day queue.Day) error
	Day(ctx context.Context, account string, day queue.Day) (queue.DayCount, error)

	Retry(ctx context.Context, id string, from queue.State, f queue.Filter) (int64, error)
	Cancel(ctx context.Context, id string, f queue.Filter) (int64, error)
	Withdraw(ctx context.Context, id string, f queue.Filter) (queue.Withdrawn, error)
	Replace(ctx context.Context, id string) (queue.Withdrawn, error)
	Adopt(ctx context.Context, id string, jobs []queue.Adopted) (int, error)
	BeginAdoption(ctx context.Context, id string) error
	EndAdoption(ctx context.Context, id string, proof bool) error

	Entries(ctx context.Context, id string, f queue.Filter, fn func(*queue.Entry) error) error
	Pages(ctx context.Context, id string, f queue.Filter, fn func(queue.Page) error) error
	Rejected(ctx context.Context, id string, fn func(queue.Rejected) error) error
	Check(ctx context.Context, progress func(done, total int64)) (queue.CheckReport, error)

	Close() error
}

// Open opens the queue at path, creating it if there is none; errors end the test.
type Open func(t testing.TB, path string) Engine

// Run tests an engine.
func Run(t *testing.T, open func(t testing.TB, path string) Engine) {
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
