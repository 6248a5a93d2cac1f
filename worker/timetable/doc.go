// Package timetable answers: which rate and which window are in force, and who is told when that changes?
//
// Invariants:
//
//  1. Outside of all windows the gate is paused for [ratelimit.Window], until the next one begins. No other pause is touched.
//  2. The rate of the hour is a ceiling of the pace, in force before the first request after a change.
//  3. The wall clock of this machine counts. It is read before each request, and at least every half minute: a clock that is
//     set, or a machine that was suspended, is noticed.
//
// Outside: what a schedule says (ratelimit/schedule), and what else limits the rate (worker/pace).
package timetable
