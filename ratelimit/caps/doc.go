// Package caps learns AiR's limits from what was seen of them: how many jobs a day and a month an account may make, and at
// which time of day a new day begins for AiR.
//
//  1. The newest days count most: two capped days that agree beat any larger number of before, and a refusal proves less than an
//     acceptance: what was accepted between two resets was allowed.
//  2. A day without a refusal only raises the lower bound.
//  3. The reset lies after the last refusal of a pause and not after the first acceptance that follows. Such spans are intersected,
//     the newest first, until one contradicts. Jobs are counted between two resets, not between two midnights.
//  4. An estimate without evidence is zero: Agreeing says how many days stand behind it.
//
// All instants are by AiR's clock, in UTC. It is pure, and knows neither the queue nor requests: package queue/learned reads
// the days, and package worker observes them.
package caps
