package report

import (
	"context"
	"io"
	"runtime"
	"sync"

	"airlift/queue"
)

// mostFormatters bounds how many pages are formatted at once. With more, the one goroutine that reads is the bottleneck.
const mostFormatters = 16

// Formatter appends the rows of some entries. It is called on several goroutines at once.
type Formatter func(b []byte, entries []queue.Entry) ([]byte, error)

// WriteItems writes the items of a batch that the filter takes, in their order: they are read in one goroutine, decoded
// and formatted on all cores, and written in another.
func WriteItems(ctx context.Context, w io.Writer, db queue.Reader, batch string, filter queue.Filter, format Formatter) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	formatters := min(runtime.GOMAXPROCS(0), mostFormatters)
	pieces := 2 * formatters // no more pages than these are in memory
	free, todo, order := make(chan *piece, pieces), make(chan *piece, pieces), make(chan *piece, pieces)
	for range pieces {
		free <- &piece{done: make(chan struct{}, 1)}
	}
	var working sync.WaitGroup
	for range formatters {
		working.Go(func() {
			for p := range todo {
				p.format(format)
			}
		})
	}
	written := make(chan error, 1)
	go func() { written <- writePieces(w, order, free, cancel) }()
	err := db.Pages(ctx, batch, filter, func(page queue.Page) error {
		select {
		case p := <-free:
			p.page = page
			order <- p
			todo <- p
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	close(todo)
	close(order)
	working.Wait()
	if failed := <-written; failed != nil {
		return failed
	}
	return err
}

// piece is a page on its way to the output.
type piece struct {
	page queue.Page
	text []byte
	err  error
	done chan struct{} // signals that it is formatted
}

func (p *piece) format(format Formatter) {
	var entries []queue.Entry
	if entries, p.err = p.page.Entries(); p.err == nil {
		p.text, p.err = format(p.text[:0], entries)
	}
	p.page.Release()
	p.page = nil
	p.done <- struct{}{}
}

// writePieces writes what was formatted, in order. After an error it writes nothing more, and calls stop.
func writePieces(w io.Writer, order <-chan *piece, free chan<- *piece, stop func()) (err error) {
	for p := range order {
		<-p.done
		if err == nil {
			if err = p.err; err == nil && len(p.text) > 0 {
				_, err = w.Write(p.text)
			}
			if err != nil {
				stop() // nothing more need be read
			}
		}
		free <- p
	}
	return err
}
