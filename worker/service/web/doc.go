// Package web serves a page that shows and steers a queue in a browser, with the API, the metrics and the probes beside it.
//
// Invariants:
//
//  1. Each path is in one table (see routes) with the right that it needs. What has neither a right nor the mark of an open
//     path is refused. The rights of the API are those of its own table; its calls that read sources are not served here.
//  2. Open are the page itself, which holds nothing of the queue, and the probes. All else needs a token, /metrics too: it names
//     batches, and other users of the machine reach loopback.
//  3. A token gives the right to read or to act, never more. It is sent in a header only, so that no other site's page can
//     send it, and it is compared in constant time. It is in no log.
//  4. The page listens on loopback addresses only, unless the user asks for others. It answers to the names of loopback, to the
//     address that it listens on and to no other host, so that no name that points here makes another site's page our own.
//  5. The page runs no script and has no style but its own files, and loads nothing from elsewhere. What comes from the
//     queue or from AiR is text, never markup.
//  6. A client that reads slowly or not at all holds up nobody, and is cut off.
//
// Outside: what the calls do (package api), what the metrics are (package metrics), and who holds the queue (the command).
package web
