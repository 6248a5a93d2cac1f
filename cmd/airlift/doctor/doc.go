// Package doctor checks, before a run of weeks, what would end or spoil it: `airlift doctor`.
//
// Invariants:
//
//  1. It sends no job: to AiR goes one GET of the list, to S3 only HEAD, GET and the listing of a page.
//  2. It writes nothing but a temporary file beside the queue, which it removes. The queue is read, never opened for writing.
//  3. Each check has a deadline. One that does not end by then cannot tell; the others do not wait for it, except those
//     that need what it finds.
//  4. Credentials go to AiR's address and to the S3 servers of the settings; no finding shows them.
//
// What a finding is judged by is a pure function wherever that is possible, so that each way to fail has a test.
//
// Outside: which settings are in force (package config), and what a run does about what is found here.
package doctor
