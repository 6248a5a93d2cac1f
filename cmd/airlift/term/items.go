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

// quoted returns a text, quoted if it has characters that a terminal does not show.
func quoted(text string) string {
	if IsPlain(text) && !strings.Contains(text, `"`) {
		return text
	}
	return strconv.Quote(text)
}

// problem says what the last answer was, if that is worth saying.
func problem(e *queue.Entry) string {
	if e.Unsourced && e.State == queue.Submitted {
		return "  # adopted, no source showed it"
	}
	if e.Code == "" && e.Message == "" || e.State == queue.Submitted {
		return ""
	}
	return Sprintf("  # %d %s %s", e.HTTPStatus, e.Code, e.Message)
}
