package term

import (
	"fmt"
	"strconv"
	"strings"

	"airlift/queue"
)

// Items appends a line for each entry.
func Items(b []byte, entries []queue.Entry) ([]byte, error) {
	for i := range entries {
		e := &entries[i]
		b = fmt.Appendf(b, "%-9s  %-32s  %s%s\n", e.State, Text(e.JobID), quoted("s3://"+e.Bucket+"/"+e.Key), problem(e))
	}
	return b, nil
}

// quoted quotes a text if it contains a quote or a character that a terminal does not show.
func quoted(text string) string {
	if IsPlain(text) && !strings.Contains(text, `"`) {
		return text
	}
	return strconv.Quote(text)
}

// problem describes the last response to an item that is not submitted.
func problem(e *queue.Entry) string {
	if e.Unsourced && e.State == queue.Submitted {
		return "  # adopted, no source showed it"
	}
	if e.Code == "" && e.Message == "" || e.State == queue.Submitted {
		return ""
	}
	return Sprintf("  # %d %s %s", e.HTTPStatus, e.Code, e.Message)
}
