package intake

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"airlift/manifest"
)

// openNext opens the next source. It leaves none open if that one is read to its end already, or may be empty and is.
func (r *Reading) openNext(ctx context.Context) error {
	src := r.List[r.next]
	r.next++
	at := r.scans[r.next-1]
	if at.Done {
		r.ended()
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	options := r.Options
	options.Scan.Cursor = at.Cursor
	if src.Kind == manifest.KindStdin {
		options.Stdin = interruptible(ctx, options.Stdin)
	}
	opened, err := manifest.Open(ctx, src.Arg, options)
	if err != nil {
		cancel()
		if r.AllowEmpty && errors.Is(err, manifest.ErrEmpty) {
			r.ended()
			return nil
		}
		return err
	}
	r.current = opened
	r.mu.Lock()
	r.cancel = cancel
	r.mu.Unlock()
	r.nothing.begin(at.Cursor != nil)
	return nil
}

// openOnly opens the only source, if it is a manifest, before a batch is made for it. Its error says that nothing of it
// can be read.
func (r *Reading) openOnly(ctx context.Context) error {
	if len(r.List) != 1 || r.next != 0 || r.List[0].Kind == manifest.KindS3Scan {
		return nil
	}
	err := r.openNext(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// interruptible returns a reader of r that ends once ctx does. A read from a pipe that cannot be interrupted goes on in a
// goroutine until it returns.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return r
		}
		if f.SetReadDeadline(time.Time{}) == nil {
			context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
			return r
		}
	}
	read, write := io.Pipe()
	context.AfterFunc(ctx, func() { read.CloseWithError(context.Cause(ctx)) })
	go func() {
		_, err := io.Copy(write, r)
		write.CloseWithError(err)
	}()
	return read
}

// closeSource closes the source that is open, if one is.
func (r *Reading) closeSource() {
	if r.current == nil {
		return
	}
	if err := r.current.Close(); err != nil {
		r.log.Debug().Err(err).Msg("close a source")
	}
	r.current = nil
	r.interrupt()
}

// interrupt ends what the source that is open waits for.
func (r *Reading) interrupt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel()
	}
}
