package api

import "net/http"

// Right is what a caller may do. The zero Right is none.
type Right int

const (
	// Read shows what is in the queue.
	Read Right = iota + 1
	// Act also steers: pause, resume, set, retry, cancel.
	Act
	// Feed also reads sources into the queue. Only the socket gives it.
	Feed
)

// Route is one call of the API.
type Route struct {
	Method, Path string
	Right        Right
	// Takes names the parameters of the query or the fields of the JSON body, and Gives the answer.
	Takes, Gives string
	serve        func(s *Server, w http.ResponseWriter, r *http.Request) error
}

// Routes returns all calls. What is not among them is refused.
func Routes() []Route {
	return []Route{
		{"GET", "/v1/version", Read, "", "api, version, executable, pid", (*Server).version},
		{"GET", "/v1/overview", Read, "", "the whole view of the queue and of its run, as `airlift watch` shows it", (*Server).overview},
		{"GET", "/v1/events", Read, "", "server-sent events: the overview, once a second", (*Server).events},
		{"GET", "/v1/status", Read, "batch..., rate (as --rate takes it), daily_limit, window..., time_zone", "an array of the objects of `airlift status --json`; with rate, a forecast for batches that no run works", (*Server).status},
		{"GET", "/v1/forecast", Read, "batch..., rate, daily_limit, window... and time_zone of accounts that no run works, what_if_rate, what_if_daily, what_if_items, by (RFC 3339)", "the object of `airlift forecast --json`", (*Server).forecast},
		{"GET", "/v1/batches", Read, "", "an array of batches with their counters", (*Server).batches},
		{"GET", "/v1/batch", Read, "batch", "a batch with its counters", (*Server).batch},
		{"GET", "/v1/item", Read, "batch, bucket, key, version", "found, item", (*Server).item},
		{"GET", "/v1/history", Read, "batch, seq", "an array of what happened to the item, each with at, and duration_ms if it was a request", (*Server).history},
		{"GET", "/v1/items", Read, "batch, state, code, key..., from, to, limit, within", "one JSON object a line, in order of seq; the last one says from where on there may be more", (*Server).items},
		{"GET", "/v1/rejected", Read, "batch", "one JSON object a line", (*Server).rejected},
		{"GET", "/v1/account", Read, "account, day", "the gate, what is known of AiR, the use of a day", (*Server).account},
		{"GET", "/v1/days", Read, "account, from, to", "what was used of each day, and seen of AiR's limits", (*Server).days},
		{"GET", "/v1/action", Read, "id", "how a bulk action stands", (*Server).action},
		{"GET", "/v1/run", Read, "account", "the run in progress of the account, or of the first that has one: its limits, AiR's address, its batches", (*Server).run},
		{"POST", "/v1/retry", Act, "batch, state, code, keys, reading, dry_run, expect", "a bulk action", (*Server).retry},
		{"POST", "/v1/cancel", Act, "batch, state, code, keys, reading, dry_run, expect", "a bulk action", (*Server).cancel},
		{"POST", "/v1/pause", Act, "account, batch, until, reason", "", (*Server).pause},
		{"POST", "/v1/resume", Act, "account, batch", "what was lifted", (*Server).resume},
		{"POST", "/v1/set", Act, "account, batch, rate, workers, daily_limit, share, reset", "what is set now", (*Server).set},
		{"POST", "/v1/session", Feed, "", "a line with the session's id, and its end with the end of the holder", (*Server).session},
		{"POST", "/v1/create", Feed, "a batch", "", (*Server).create},
		{"POST", "/v1/settings", Feed, "batch, settings", "", (*Server).settings},
		{"POST", "/v1/reading/begin", Feed, "batch, resume", "", (*Server).beginReading},
		{"POST", "/v1/reading/rows", Feed, "batch, chunk", "what became of the rows", (*Server).rows},
		{"POST", "/v1/reading/end", Feed, "batch, complete", "", (*Server).endReading},
		{"POST", "/v1/reading/marks", Feed, "batch", "the marks of the reading", (*Server).marks},
		{"POST", "/v1/reading/has", Feed, "batch, items, changed", "an array of booleans, one for each item", (*Server).has},
		{"POST", "/v1/reading/sent", Feed, "batch, items, changed", "sent, alike", (*Server).sent},
		{"POST", "/v1/reading/replace", Feed, "batch", "how many items were cancelled", (*Server).replace},
		{"POST", "/v1/hold", Feed, "batch", "", (*Server).hold},
		{"POST", "/v1/work", Feed, "batch, first, lookups_only", "running, status", (*Server).work},
	}
}
