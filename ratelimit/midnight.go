package ratelimit

import "time"

// NextMidnightUTC returns the first midnight UTC after now.
func NextMidnightUTC(now time.Time) time.Time {
	y, m, d := now.UTC().Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)
}

// NextMonthUTC returns the first instant of the next calendar month in UTC.
func NextMonthUTC(now time.Time) time.Time {
	y, m, _ := now.UTC().Date()
	return time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC)
}

// ResumeAt returns when, by our clock, a pause ends that begins with an answer: next says when, by the server's clock, given
// when the request was sent by that clock. It was sent at sent, and its answer, complete at ended, had the server's
// date (zero: none; then our clock is used).
//
// It is counted by the server's clock from when the request was sent: an answer that straddles midnight, or a
// clock of ours that is an hour off, must not cost a day. Date has whole seconds (RFC 9110, 5.6.7) and is thus up to a
// second behind, which errs towards waiting that second.
func ResumeAt(date, sent, ended time.Time, next func(time.Time) time.Time) time.Time {
	sent, ended = wall(sent, ended)
	server := sent
	if !date.IsZero() {
		server = date.Add(-ended.Sub(sent))
	}
	return sent.Add(next(server).Sub(server))
}

// wall takes the monotonic reading off, after using it for the time between the two: a pause is kept on disk and must
// be reckoned by the wall clock, but a step of that clock between the two must not count.
func wall(sent, ended time.Time) (time.Time, time.Time) {
	took := ended.Sub(sent)
	ended = ended.Round(0)
	return ended.Add(-took), ended
}
