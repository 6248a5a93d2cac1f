package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

const (
	// hookTimeout is how long a command may take.
	hookTimeout = 30 * time.Second
	// hookDelay is how long to wait, after its end, for others that have its output open.
	hookDelay = time.Second
	// maxHookText is how much of its standard error is shown, in bytes.
	maxHookText = 300
)

// hook is a command that is run with each event. The event is its input, never a part of the command line.
type hook struct {
	command string
	n       int
	environ []string
}

// hiddenFrom are the beginnings of the variables that no command gets: settings and keys of airlift, and what a service manager
// gives to airlift alone.
var hiddenFrom = []string{"AIRLIFT_", "WASABI_", "AWS_", "NOTIFY_SOCKET=", "WATCHDOG_", "CREDENTIALS_DIRECTORY="}

// hookEnvironment returns what a command gets of an environment.
func hookEnvironment(all []string) (kept []string) {
	for _, one := range all {
		if !slices.ContainsFunc(hiddenFrom, func(begin string) bool { return strings.HasPrefix(strings.ToUpper(one), begin) }) {
			kept = append(kept, one)
		}
	}
	return kept
}

// String does not show the command: it may hold a token.
func (h *hook) String() string { return fmt.Sprintf("the command of --hook %d", h.n) }

// deliver runs the command once: whether it may be run again only its author knows.
func (h *hook) deliver(ctx context.Context, e Event) error { return h.try(ctx, e) }

func (h *hook) try(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeoutCause(ctx, hookTimeout, fmt.Errorf("it did not end within %v", hookTimeout))
	defer cancel()
	body, err := encode(e)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:len(shell):len(shell)], h.command)...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(body), &head{to: &said, most: maxHookText}, hookDelay
	cmd.Env = append(slices.Clone(h.environ), "AIRLIFT_EVENT="+string(e.Event), "AIRLIFT_EVENT_ID="+e.ID, "AIRLIFT_EVENT_BATCH="+e.Batch,
		"AIRLIFT_EVENT_ACCOUNT="+e.Account, "AIRLIFT_EVENT_QUEUE="+e.Queue, "AIRLIFT_EVENT_REASON="+e.Reason, "AIRLIFT_EVENT_NEXT_STEP="+e.NextStep)
	ownGroup(cmd)
	err = cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case said.Len() > 0:
		return fmt.Errorf("%w: %s", err, strings.Join(strings.Fields(strings.ToValidUTF8(said.String(), "?")), " "))
	}
	return err
}

// head keeps the beginning of what is written to it.
type head struct {
	to   *bytes.Buffer
	most int
}

func (t *head) Write(p []byte) (int, error) {
	t.to.Write(p[:min(len(p), max(t.most-t.to.Len(), 0))])
	return len(p), nil
}
