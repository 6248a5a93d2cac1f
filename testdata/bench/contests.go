package main

import "time"

// contests are all that is measured, in this order.
func contests(b *bench) []*contest {
	return []*contest{
		enqueueContest(b),
		submitContest(b, "submit", 200_000, 0),
		submitContest(b, "submit-far", 20_000, 20*time.Millisecond),
		drainContest(b),
		scanContest(b),
		decodeContest(b),
		growthContest(b),
		watchersContest(b),
		commandContest(b),
		bigContest(b),
		autoContest(),
	}
}
