// Package air is a client of the Wasabi AiR jobs API: one method a call, one
// request a call at the most, and no opinion on what an answer means.
//
// AiR knows no idempotency key, so a POST that is sent twice makes two jobs and
// spends quota twice. The client therefore speaks HTTP/1.1 only, follows no
// redirect, gives net/http no way to send a body again, and reports with each
// Outcome whether anything may have reached the server. The two secret headers
// go to the configured host and nowhere else, and appear in no text.
//
// The API is described at https://docs.wasabi.com ("Submit a new job" and the
// pages beside it).
package air
