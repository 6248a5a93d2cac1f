// Command torture is the crash rig: round after round it drives the built airlift against a sandbox in its own process,
// ends it in every way a process can end, runs the same command again until nothing is left, and compares what the
// queue says with what the sandbox holds: exactly one job for each object, whatever happened.
//
// A round follows from its seed alone: what it submits, what the sandbox does to requests, when and how the process
// ends (see plan). Its timing does not, so that a seed that found something may need a few tries (-times).
//
//	torture -airlift bin/airlift -rounds 200            # what CI runs
//	torture -airlift bin/airlift -round-seed 0x1f2e -v  # one round again
//
// Half of the rounds have limits, samples, two accounts or somebody to tell (see dice.limits). Each limit of ours must be kept,
// must end a command as it may, and must let the rest through once it is lifted; no hook and no notification may have a key.
//
// In half of the rounds other processes come and go meanwhile (see dice.company): they steer, run the same batch or another,
// and serve, and are ended as well. Each must end as it may. When they are gone, each command must work as if they had not
// been there, and both batches must be whole.
//
// # What a round assumes
//
// The contract assumes that AiR lists an accepted job within the settle window after the attempt ended. A round keeps to
// that: its settle window is the list's lag, plus how late the sandbox may serve a request after it arrived, plus -slack
// for what this machine takes to schedule (see plan.settle). What the rig itself was held up for at the longest stands
// in the table; a stall longer than the slack breaks the assumption and not airlift.
//
// It also assumes that a job goes on being listed. So lists lose their front only while the queue has no item in doubt,
// none that failed, and as many submitted as there are jobs. And it assumes that nobody else works the queue: a copy is
// moved over the queue while the process stands still, so that whatever it may have sent is claimed in the copy. Therefore
// neither happens in company.
package main
