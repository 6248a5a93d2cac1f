// Package air is a client for the Wasabi AiR jobs API. It sends at most one request per call, and
// does not judge what an answer means.
//
// AiR has no idempotency key: a POST that is sent twice makes two jobs and spends quota twice. Hence the invariants:
//
//  1. A request leaves at most once. The transport speaks HTTP/1.1 only, follows no redirect, and has no way to send a
//     body again.
//  2. Outcome.Written and Error.Written are false only if it is proven that nothing reached the server.
//  3. Outcome.JobID is set only by a complete 2xx answer that is one JSON object without duplicate members, and only to
//     an id that can be stored and shown as it is.
//  4. An answer whose echo (name, batch, bucket, key) is not that of the job that was sent is Misplaced: it belongs to
//     another request, and its connection is closed.
//  5. The two secret headers go to the configured host and nowhere else. The keys appear in no text, error or log.
//  6. An answer that cannot be read as a list is an error, never an empty page.
//
// It neither waits, retries nor paces; that is for the worker. Whether an answer is final, and what it says of an item, is
// decided in worker's verdict. The stand-in for AiR is package airtest.
//
// The API is described at https://docs.wasabi.com ("Submit a new job" and the pages beside it).
package air
