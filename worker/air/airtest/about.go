package airtest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"airlift/worker/air"
)

// about answers what is neither POST nor GET /jobs: the pages of one job, and what
// does not exist.
func (s *Server) about(c *call) reply {
	if c.Path == "/jobs" {
		return notAllowed("GET, POST")
	}
	rest, ok := strings.CutPrefix(c.Path, "/jobs/")
	id, part, _ := strings.Cut(rest, "/")
	switch part {
	case "", "status", "errors", "metadata":
	default:
		ok = false
	}
	if !ok || id == "" || strings.HasSuffix(rest, "/") {
		return problem(http.StatusNotFound, "NOT_FOUND", "no such path")
	}
	if c.Method != http.MethodGet {
		return notAllowed("GET")
	}
	s.mu.Lock()
	v := s.view()
	n, ok := v.store.ordinal(id)
	s.mu.Unlock()
	if !ok {
		return problem(http.StatusNotFound, "NOT_FOUND", "no such job")
	}
	return v.about(n, part)
}

func (v *view) about(n uint32, part string) reply {
	status, ended := v.state(n)
	failed := 0
	if status == air.StatusFailed {
		failed = 1
	}
	b := appendField(nil, `{"Id":`, v.id(n))
	switch part {
	case "":
		return jsonReply(http.StatusOK, v.appendJob(nil, n, true))
	case "metadata":
		if status != air.StatusCompleted {
			return problem(http.StatusNotFound, "NOT_FOUND", "no metadata before the job has completed")
		}
		d := v.profiles[v.jobs[n].profile].destination
		b = appendField(b, `,"UserId":`, userID)
		b = appendField(b, `,"Destination":{"Bucket":`, d.Bucket)
		b = appendField(b, `,"Region":`, d.Region)
		b = appendField(b, `},"DestinationPath":`, fmt.Sprintf("s3://%s/jobs/%s/%s/%s_metadata.json",
			d.Bucket, ended.Format("2006-01-02"), v.id(n), v.jobs[n].name()))
		return jsonReply(http.StatusOK, append(b, '}'))
	}
	b = appendField(b, `,"Status":`, status)
	if part == "errors" {
		code := ""
		if failed > 0 {
			code = v.failure(n)
		}
		b = appendField(b, `,"ErrorCode":`, code)
	}
	b = strconv.AppendInt(append(b, `,"ErrorCount":`...), int64(failed), 10)
	return jsonReply(http.StatusOK, append(b, '}'))
}
