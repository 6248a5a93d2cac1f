package intake

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"airlift/manifest"
	"airlift/manifest/entry"
)

// openNext opens the next source. It skips a source that an earlier process read to its end, and an empty one if
// --allow-empty is set.
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
		if r.AllowEmpty && errors.Is(err, entry.ErrEmpty) {
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

// openOnly opens a single manifest early, so that an unreadable one creates no batch and does not count as a reading of an
// existing batch.
func (t *Intake) openOnly(ctx context.Context) error {
	r, first := t.Reading, t.Sources.List[0]
	if len(t.Sources.List) != 1 || r.next != 0 || first.Kind == manifest.KindS3Scan {
		return nil
	}
	if t.found && (first.Kind != manifest.KindFile || !isRegular(first.Arg)) {
		return nil // it may be missing temporarily; send the batch's items meanwhile
	}
	err := r.openNext(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !t.found, errors.Is(err, entry.ErrUsage):
		return err
	}
	r.breaks(err)
	return nil
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

// interrupt cancels the context of the open source.
func (r *Reading) interrupt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel()
	}
}
