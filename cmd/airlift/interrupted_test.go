package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// What a signal has ended says so, and not "context canceled".
func TestASignalIsNamed(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("archive.csv", 10), "--batch", "b").want(t, exit.OK)
	for _, command := range [][]string{{"report", "b"}, {"items", "b"}, {"check"}} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&exit.Interrupted{Signal: syscall.SIGTERM})
		var said bytes.Buffer
		a := &app{in: strings.NewReader(""), out: io.Discard, err: &said, getenv: func(string) (string, bool) { return "", false }}
		code := a.run(ctx, append(command, "--queue", r.queue))
		if text := said.String(); code != exit.WorkLeft || !strings.Contains(text, "ended by a signal (terminated)") || strings.Contains(text, "context") {
			t.Errorf("%v: got exit %d and %q", command, code, text)
		}
	}
}

// An error that did not come from a signal keeps its text, whatever the file is called.
func TestOnlyTheErrorOfASignalNamesIt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&exit.Interrupted{Signal: syscall.SIGTERM})
	const text = `open "context canceled.csv": no such file`
	if got := errorText(ctx, errors.New(text)); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
	if got := errorText(ctx, fmt.Errorf("write the report: %w", context.Canceled)); !strings.Contains(got, "ended by a signal") || strings.Contains(got, "canceled") {
		t.Errorf("got %q, want the signal", got)
	}
}
