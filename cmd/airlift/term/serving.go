package term

import (
	"fmt"

	"airlift/worker/service"
)

// Serving says in a line how the work stands.
func Serving(batches []service.Status) string {
	var left, submitted int64
	state := ""
	for _, s := range batches {
		left, submitted, state = left+s.Left(), submitted+s.Submitted, s.State
	}
	if left == 0 {
		return "waiting for items"
	}
	return fmt.Sprintf("%s: %s items submitted, %s left", state, Number(submitted), Number(left))
}
