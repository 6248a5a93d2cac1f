package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"airlift/manifest/entry"
	"airlift/manifest/preflight"
	"airlift/manifest/s3scan"
	"airlift/queue"
	"airlift/queue/playtime"
)

const (
	// preflightWorkers is how many objects are checked at once.
	preflightWorkers = 64
	// preflightAhead bounds the rows between the source and the queue.
	preflightAhead = 1024
	// mostUnchecked is how many objects in a row may fail to be checked before the reading breaks off.
	mostUnchecked = 20
)

// preflightStage checks the objects of items between the sources and the queue. No item passes unchecked
// unless the batch has it.
type preflightStage struct {
	sources *Sources
	// known reports which items need no check: a nightly run must not check everything again.
	known func(ctx context.Context, items []queue.Item) ([]bool, error)
	// details adds the media properties found to the items.
	details bool
}

// check checks the object of an item.
func (s *Sources) check(ctx context.Context, it *queue.Item) (preflight.Finding, error) {
	if why := s.liesElsewhere(it); why != "" {
		return preflight.Finding{Reason: why}, nil
	}
	return s.Preflight.Check(ctx, it.Bucket, it.Key)
}

// liesElsewhere says why an item is not checked: it is on another server than the settings name, and the credentials
// are only for that one.
func (s *Sources) liesElsewhere(it *queue.Item) string {
	there := it.Own.Or(queue.JobFields{SourceEndpoint: s.Options.Endpoint, SourceRegion: s.Region})
	theirs, ours := s3scan.HostPort(s3scan.ServerURL(there.SourceEndpoint, there.SourceRegion)), s3scan.HostPort(s3scan.ServerURL(s.Options.Endpoint, s.Region))
	if theirs == ours {
		return ""
	}
	return fmt.Sprintf("its row names another S3 server (%s) than the settings (%s), and the credentials go to that one only; "+
		"read such rows apart with --source-endpoint or --source-region, or without --preflight", shorten(theirs, 100), ours)
}

// flight is a row in the stage. done is nil if there is no check; else it is closed once found and err are set.
type flight struct {
	row   row
	done  chan struct{}
	found preflight.Finding
	err   error
}

// over checks what the source returns, and returns it in the same order. stop ends all goroutines; interrupt must end
// the wait of the source.
func (p *preflightStage) over(ctx context.Context, from rowSource, interrupt func()) (next rowSource, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	read, ordered := make(chan *flight, preflightAhead), make(chan *flight, preflightAhead)
	var running sync.WaitGroup
	running.Go(func() {
		defer close(read)
		for {
			got, err := from(ctx)
			if !send(ctx, read, &flight{row: got, err: err}) || err != nil {
				return
			}
		}
	})
	running.Go(func() {
		defer close(ordered)
		p.dispatch(ctx, read, ordered, &running)
	})
	l := &landing{stage: p, ordered: ordered}
	return l.next, func() { cancel(); interrupt(); running.Wait() }
}

// send sends v. It returns false if ctx is done first.
func send[T any](ctx context.Context, c chan<- T, v T) bool {
	select {
	case c <- v:
		return true
	case <-ctx.Done():
		return false
	}
}

// dispatch passes the rows on in order, and starts a check for each item that the batch does not have. It asks the
// queue about all rows at hand at once.
func (p *preflightStage) dispatch(ctx context.Context, read <-chan *flight, ordered chan<- *flight, running *sync.WaitGroup) {
	looking := make(chan struct{}, preflightWorkers)
	for {
		flights := gather(ctx, read)
		if len(flights) == 0 {
			return
		}
		err := p.markNew(ctx, flights)
		for _, f := range flights {
			if err != nil {
				f.err, f.done = err, nil
			}
			if !send(ctx, ordered, f) {
				return
			}
			if f.done == nil {
				continue
			}
			if !send(ctx, looking, struct{}{}) {
				return
			}
			running.Go(func() {
				f.found, f.err = p.sources.check(ctx, f.row.item)
				close(f.done)
				<-looking
			})
		}
	}
}

// gather waits for one row and takes those at hand. It returns none at the end.
func gather(ctx context.Context, read <-chan *flight) (list []*flight) {
	for len(list) < preflightAhead && (len(list) == 0 || len(read) > 0) {
		select {
		case f, ok := <-read:
			if !ok {
				return list
			}
			list = append(list, f)
		case <-ctx.Done():
			return nil
		}
	}
	return list
}

// markNew marks the items to check.
func (p *preflightStage) markNew(ctx context.Context, flights []*flight) error {
	flights = slices.DeleteFunc(slices.Clone(flights), func(f *flight) bool { return f.row.item == nil })
	items := make([]queue.Item, len(flights))
	for i, f := range flights {
		items[i] = *f.row.item
	}
	known, err := p.known(ctx, items)
	for i := range known {
		if !known[i] {
			flights[i].done = make(chan struct{})
		}
	}
	return err
}

// landing returns the rows in order once they are checked.
type landing struct {
	stage     *preflightStage
	ordered   <-chan *flight
	unchecked int  // in a row
	any       bool // an item passed or was checked
}

func (l *landing) next(ctx context.Context) (row, error) {
	hide := l.stage.sources.Hide.Replace
	var f *flight
	select {
	case f = <-l.ordered:
	case <-ctx.Done():
	}
	if f == nil { // the channel is closed or ctx is done
		return row{}, context.Cause(ctx)
	}
	if f.done == nil {
		l.any = l.any || f.row.item != nil
		return f.row, f.err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return row{}, context.Cause(ctx)
	}
	var unchecked *preflight.UncheckedError
	var setup *preflight.SetupError
	switch {
	case errors.As(f.err, &setup):
		return row{}, l.broken(setup.Err, setup.Remedy+", and run the same command again")
	case errors.As(f.err, &unchecked):
		if l.unchecked++; l.unchecked == mostUnchecked {
			return row{}, l.broken(unchecked.Err, "check the network and --source-endpoint, and run the same command again later; what was not checked was not taken")
		}
		return reject(f.row.item, "preflight: "+hide(unchecked.Error())+"; run the same command again"), nil
	case f.err != nil:
		return row{}, f.err
	}
	l.unchecked, l.any = 0, true
	if f.found.Reason != "" {
		return reject(f.row.item, "preflight: "+hide(f.found.Reason)), nil
	}
	if l.stage.details {
		addMedia(f.row.item, f.found.Media)
	} else {
		playtime.Keep(f.row.item, f.found.Media.Duration)
	}
	return f.row, nil
}

// broken ends the reading, as no more objects can be checked. A row that was rejected as unchecked counts as read.
func (l *landing) broken(err error, remedy string) error {
	return &entry.BrokenError{Source: "preflight", Unread: !l.any && l.unchecked == 0, Err: err, Remedy: remedy}
}
