package main

// contests are all that is measured, in this order.
func contests(b *bench) []*contest {
	return []*contest{
		enqueueContest(b),
		submitContest(b),
		drainContest(b),
		scanContest(b),
		decodeContest(b),
		growthContest(b),
		commandContest(b),
		bigContest(b),
	}
}
