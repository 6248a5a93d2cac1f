package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
)

func main() {
	// net/http logs unsolicited server data here, including control characters and keys.
	log.SetOutput(io.Discard)
	ctx, cancel := context.WithCancelCause(context.Background())
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.LookupEnv, environ: os.Environ}
	var screen io.Writer = os.Stderr
	if term.IsTerminal(os.Stderr) {
		a.line = term.NewStatusLine(os.Stderr)
		screen = a.line
	}
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as by nohup, or for a job in the background
			signal.Notify(signals, s)
		}
	}
	go func() {
		first := <-signals
		fmt.Fprintln(screen, "airlift: ending in good order: what is in flight is awaited; once more to exit at once")
		cancel(&exit.Interrupted{Signal: first})
		ignoreEchoes(signals)
		<-signals
		os.Exit(exit.AtOnce)
	}()
	os.Exit(a.run(ctx, os.Args[1:]))
}

// echoWindow is how long after the first signal further signals are ignored. timeout (coreutils) signals its child and then its
// whole group, and a terminal's Ctrl-C may reach a command twice through its parent; a user is slower.
const echoWindow = 250 * time.Millisecond

// ignoreEchoes drops the signals that come within echoWindow.
func ignoreEchoes(signals <-chan os.Signal) {
	over := time.After(echoWindow)
	for {
		select {
		case <-signals:
		case <-over:
			return
		}
	}
}
