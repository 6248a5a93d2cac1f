// Package airtest is a faithful Wasabi AiR jobs API in memory, with a memory of
// what it was sent: for tests, for benchmarks, and behind `airlift sandbox`.
//
// A Server is an http.Handler (over real sockets, see Start and Serve) and an
// http.RoundTripper (in process, without a socket; use it in testing/synctest
// bubbles, made inside the bubble). It validates by the page "Submit a new
// job", counts a daily cap and a monthly quota on a clock of its own, lags,
// throttles, and fails in every way that Fault names. Afterwards Jobs, ByObject
// and Duplicates tell what it holds; there is nothing on disk.
//
// # Control at run time
//
// Beside the API the server answers, without keys:
//
//	GET  /debug/jobs             {"posts","lists","accepted","objects","statuses","faults",
//	                              "duplicates":[{"batch","bucket","key","ids"}],
//	                              "jobs":[{"id","batch","name","bucket","key","created"}]}
//	GET  /debug/jobs?summary=1   the same without jobs; "duplicates" is then their number
//	GET  /debug/clock            {"now","next_midnight"}
//	POST /debug/clock            {"advance":"2h"} and/or {"midnight_in":"3s"}
//	GET  /debug/settings         the settings in force
//	POST /debug/settings         any of the fields of Settings; what is not named stays:
//	                             {"daily_cap":100,"faults":{"post":{"reset_after":0.1}}}
//
// Both POSTs answer like their GET. Durations are texts such as "1.5s".
package airtest
