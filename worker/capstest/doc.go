// Package capstest plays months of a run under AiR's caps, in fake time: the real pool, with its restarts, against AiR's
// stand-in, whose cap changes, whose day begins when it likes, whose clock is wrong, and which others use too.
//
// A World is drawn from a seed, or written down. Play it inside a test:
//
//	w := capstest.Draw(seed, 90)
//	w.Items = 2000
//	got := w.Play(t, func(p *capstest.Play) {
//		// Called as each day of the server ends. p.DB is the queue as it is stored, p.Now() the time by AiR's clock,
//		// p.Learned() what was learned, p.Left() how many items are not submitted. It must not sleep.
//	})
//	// got.Finished is when the last item was submitted, by AiR's clock; zero: it was not in the world's days.
//	// got.Windows has each day of the server: its cap, our jobs and those of others, refusals and pauses.
//
// 1. The same seed gives the same world. How goroutines interleave is not drawn.
// 2. Fake time alone passes (testing/synctest): 90 days take a fraction of a second.
// 3. What holds in each world is checked by [Result.Check]; figures over many seeds are left to the caller.
package capstest
