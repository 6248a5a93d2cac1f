package term

import (
	"fmt"

	"airlift/worker"
	"airlift/worker/service"
)

// Serving describes in a line the work on batches: the state is that of the first that has items left.
func Serving(batches []service.Status) string {
	var left, submitted int64
	state := ""
	for i := range batches {
		s := &batches[i]
		if s.Left() > 0 && left == 0 || state == "" {
			state = s.State
		}
		left, submitted = left+s.Left(), submitted+s.Submitted
	}
	closed := state == string(worker.Paused) || state == string(worker.Stopped)
	if left == 0 && !closed {
		return "waiting for items"
	}
	return fmt.Sprintf("%s: %s items submitted, %s left", state, Number(submitted), Number(left))
}
