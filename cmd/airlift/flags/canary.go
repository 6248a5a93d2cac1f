package flags

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"airlift/queue"
	sampling "airlift/worker/service/canary"
)

// canary has the flags of a sample that is sent before the rest.
type canary struct {
	size      int
	maxFailed string
	again     bool
	request   *sampling.Request // set by check; nil: none is asked for
}

// AddCanary adds the flags of the commands that send batches which they name.
func (s *Send) AddCanary(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&s.canary.size, "canary", 0, "send a sample of N pending items first, of all types and folders, and the rest once AiR has completed it (default: none)")
	f.StringVar(&s.canary.maxFailed, "canary-max-failed", "10%", "how many items of the sample may fail: N or P%; if more do, nothing else is sent (exit code 8)")
	f.BoolVar(&s.canary.again, "canary-again", false, "with --canary: send another sample if the batch has had one")
}

// check checks the flags.
func (c *canary) check(bad func(format string, args ...any)) {
	r := sampling.Request{Size: c.size, Again: c.again, Asked: time.Now()}
	if err := c.parseMaxFailed(&r); err != nil {
		bad("--canary-max-failed %q: %v", c.maxFailed, err)
	}
	switch {
	case c.size < 0 || c.size > queue.MaxTrial:
		bad("--canary %d: use 1 to %d, or 0 for none", c.size, queue.MaxTrial)
	case c.size == 0 && c.again:
		bad("--canary-again: --canary says how many items the sample has")
	case c.size > 0:
		c.request = &r
	}
}

func (c *canary) parseMaxFailed(r *sampling.Request) (err error) {
	if c.maxFailed == "" { // the command has no such flag
		return nil
	}
	if share, ok := strings.CutSuffix(c.maxFailed, "%"); ok {
		if r.Percent, err = strconv.ParseFloat(share, 64); err != nil || !(r.Percent >= 0 && r.Percent <= 100) {
			return fmt.Errorf("write a share as 0%% to 100%%")
		}
		return nil
	}
	if r.MaxFailed, err = strconv.Atoi(c.maxFailed); err != nil || r.MaxFailed < 0 {
		return fmt.Errorf("write a number like 5, or a share like 10%%")
	}
	return nil
}

// Canary returns the sample that is asked for; nil: none.
func (s *Send) Canary() *sampling.Request { return s.canary.request }
