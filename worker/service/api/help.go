package api

import (
	"fmt"
	"strings"
)

const helpHead = `The process that holds a queue answers HTTP at the unix socket that the queue's lock file (QUEUE.lock) names:

    curl --unix-socket "$(jq -r .socket queue.db.lock)" http://airlift/v1/overview

A run, submit or serve with --listen ADDRESS answers the calls of the rights read and act there, too, for a
token of that right (see "The page" in the README):

    curl -H "Authorization: Bearer $(cat queue.db.token.read)" http://127.0.0.1:8321/v1/overview

Parameters of GET are in the query; POST takes a JSON object and the Content-Type application/json. An
answer is JSON, its times are RFC 3339 in UTC. Lists of rows are JSON lines, of which the last is
{"end":true}, or {"error":...} if the list was cut off. An error has a status of 400 or above and the object
{"kind","text"}: kind is for programs, and text for people.

The header Airlift-Api: %d in a request asks for this version of the API, and status 426 says that the holder speaks another.
Calls that read rows into the queue (right "feed") belong to a session: POST /v1/session, keep its answer
open, and send its id as the header Airlift-Session. What was begun ends with it.

`

// Help describes the calls of [Routes], for people.
func Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, helpHead, Version)
	for _, right := range []Right{Read, Act, Feed} {
		fmt.Fprintf(&b, "%s\n", right)
		for _, r := range Routes() {
			if r.Right != right {
				continue
			}
			fmt.Fprintf(&b, "    %-4s %s\n", r.Method, r.Path)
			if r.Takes != "" {
				fmt.Fprintf(&b, "         takes %s\n", r.Takes)
			}
			if r.Gives != "" {
				fmt.Fprintf(&b, "         gives %s\n", r.Gives)
			}
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// String names the right.
func (r Right) String() string {
	switch r {
	case Read:
		return "read"
	case Act:
		return "act"
	case Feed:
		return "feed"
	}
	return "none"
}
