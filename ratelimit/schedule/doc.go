// Package schedule answers: which rate is in force at an instant, may anything be sent then, and when does that change?
//
// A schedule is a table of rates and a list of windows, both by the time of the week in a time zone. The clock on the wall
// counts, as in rclone's timetables:
//
//  1. An entry of the table holds from its time until the next one, over midnight and over the end of the week.
//  2. Outside of all windows nothing may be sent; without windows there is no such time. The rate is that of the table then too.
//  3. When clocks go forward, what would begin at a time that does not exist begins as they do. When they go back, an
//     hour exists twice and its entries hold twice.
//  4. Between an instant and the next change nothing changes, and at the next change something does.
//
// It is pure: it reads no clock, and knows neither limiter nor gate.
package schedule
