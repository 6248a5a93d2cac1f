// Package forecast answers: between which dates is the work done, and what would it take to be done earlier?
//
// [Input.Forecast] follows a few hundred possible futures of the same account day by day, and reports the range that holds
// 80 % of them. The futures differ in what is not known: the daily cap within what was learned of it, when AiR's day
// begins, how much of the cap others take on each day, and how far a run stays below its rate. [Input.Need] is the
// opposite: the rate and the daily limit with which it is done by a date. [Missed] compares earlier forecasts with what came.
//
// Invariants:
//
//  1. Everything is a pure function of its input. The same input gives the same forecast, and chance does not enter.
//  2. More items, a lower rate or a lower limit never give an earlier date.
//  3. Where nothing is uncertain the range is one instant.
//  4. There is no forecast without an end in sight: a stop or a pause by hand. Then [Forecast.None] says why, and what to do.
//
// Outside: what is learned of the caps (package ratelimit/caps), what a queue has left (package service), and how a forecast is printed.
package forecast
