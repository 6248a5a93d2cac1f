// Package limitedby says in a sentence what keeps a run from sending faster.
//
//  1. What the workers wait for is measured (worker/bottleneck). Here it is only told, together with what the batches have left.
//
// Outside: how the sentence is shown.
package limitedby
