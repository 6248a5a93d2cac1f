package hold

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// pipeTimeout is how long to wait for a pipe's reader once the context has ended.
	pipePatience = 2 * time.Second
	// pipePoll is how often to check whether a pipe has a reader.
	pipeLook = 50 * time.Millisecond
)

// errNoReader: no program has opened a pipe to read it.
var errNoReader = errors.New("no program reads this pipe: start one first, or name a file")

// errReaderStalled: the program that has opened a pipe does not read on.
var errReaderStalled = errors.New("the program that reads this pipe has stalled")

// pipe is a named pipe open for writing. Neither opening nor Write waits much longer than the context of
// opening lasts.
type pipe struct {
	*os.File
	ending atomic.Bool // the context has ended
	stop   func() bool
}

// openPipe opens a named pipe as soon as a program reads it.
func openPipe(ctx context.Context, path string) (*pipe, error) {
	look := time.NewTicker(pipeLook)
	defer look.Stop()
	var end <-chan time.Time
	done := ctx.Done()
	for {
		// Without O_NONBLOCK the call waits for a reader, and nothing can end it.
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			p := &pipe{File: f}
			p.stop = context.AfterFunc(ctx, p.setDeadline)
			return p, nil
		}
		if !errors.Is(err, syscall.ENXIO) {
			return nil, err
		}
		select {
		case <-done:
			timer := time.NewTimer(pipePatience)
			defer timer.Stop()
			end, done = timer.C, nil
		case <-end:
			return nil, errNoReader
		case <-look.C:
		}
	}
}

// setDeadline bounds the present and the next Write.
func (p *pipe) setDeadline() {
	p.ending.Store(true)
	_ = p.SetWriteDeadline(time.Now().Add(pipePatience)) // fails only where a Write does not wait
}

// Write writes b. Once the context has ended, it fails if the reader stalls.
func (p *pipe) Write(b []byte) (n int, err error) {
	// Write in small pieces, so that a slow reader is not mistaken for a stalled one.
	const most = 4096
	for n < len(b) {
		if p.ending.Load() {
			p.setDeadline()
		}
		wrote, err := p.File.Write(b[n:min(n+most, len(b))])
		n += wrote
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return n, errReaderStalled
		}
		if err != nil {
			return n, fmt.Errorf("write to the pipe: %w", err)
		}
	}
	return n, nil
}

func (p *pipe) Close() error {
	p.stop()
	return p.File.Close()
}
