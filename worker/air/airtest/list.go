package airtest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"airlift/worker/air"
)

// defaultPageSize is what the API's prose says; its schema says 100.
const defaultPageSize = 25

type listQuery struct {
	batch, name, status string
	number, size        int
	descending          bool
}

var statuses = []string{
	air.StatusSubmitted, air.StatusPreflight, air.StatusInProgress, air.StatusCompleted, air.StatusFailed, air.StatusCancelled,
}

func parseListQuery(q url.Values) (l listQuery, problem string) {
	l = listQuery{batch: q.Get("batch"), name: q.Get("name"), status: q.Get("status"), number: 1, size: defaultPageSize}
	var err error
	if t := q.Get("pageNumber"); t != "" {
		if l.number, err = strconv.Atoi(t); err != nil || l.number < 1 {
			return l, "pageNumber must be 1 or more"
		}
	}
	if t := q.Get("pageSize"); t != "" {
		if l.size, err = strconv.Atoi(t); err != nil || l.size < 1 || l.size > air.MaxPageSize {
			return l, "pageSize must be from 1 to 100"
		}
	}
	if l.status != "" && !slices.Contains(statuses, l.status) {
		return l, "status is not known"
	}
	if t := q.Get("sortBy"); t != "" && t != "Created" {
		return l, "sortBy must be Created"
	}
	switch q.Get("sortOrder") {
	case "", "Asc":
	case "Desc":
		l.descending = true
	default:
		return l, "sortOrder must be Asc or Desc"
	}
	return l, ""
}

// list answers GET /jobs. By name (exact) and by batch it costs what it returns;
// by status or a part of a name it goes through the batch, without the lock.
func (s *Server) list(c *call) reply {
	query := c.Query
	if s.config.EditQuery != nil {
		query = maps.Clone(query) // its lists are replaced, not written to, by Set and Del
		s.config.EditQuery(query)
	}
	q, problem := parseListQuery(query)
	if problem != "" {
		return badRequest(problem)
	}
	v, found := s.find(q)
	if v.settings.TurningTies > 0 && c.N%2 == 0 {
		found.tie = func(n uint32) int64 { return v.created(n).UnixNano() }
	}
	if most := v.settings.PageCap; most > 0 {
		q.size = min(q.size, most)
	}
	from := found.n
	if q.number-1 <= found.n/q.size { // else the product could overflow
		from = min((q.number-1)*q.size, found.n)
	}
	to := min(from+q.size, found.n)
	body := append(make([]byte, 0, 64+512*(to-from)), `{"Records":[`...)
	switch {
	case s.config.EditRecords != nil:
		body = s.appendEdited(body, c, v, found, q, from, to)
	default:
		for i := from; i < to; i++ {
			if i > from {
				body = append(body, ',')
			}
			body = v.appendJob(body, found.inOrder(i, q.descending), false)
		}
	}
	if body = append(body, ']'); v.settings.NullEmptyPage && string(body) == `{"Records":[]` {
		body = append(body[:0], `{"Records":null`...)
	}
	return jsonReply(http.StatusOK, append(s.appendPageFields(body, q, found.n), '}'))
}

// find returns the jobs that a list shows, without the limits of its page.
func (s *Server) find(q listQuery) (*view, span) {
	s.mu.Lock()
	v := s.view()
	exact := q.name != "" && s.config.NameMatch != NamePartial
	picked, all := v.store.batches[q.batch], q.batch == ""
	if exact {
		picked, all = v.store.named(q.name), false
	}
	s.mu.Unlock()
	found := v.listed(all, picked)
	if !all && exact && q.batch != "" || q.status != "" || q.name != "" && !exact {
		found = found.filter(func(n uint32) bool { return v.matches(n, q) })
	}
	return &v, found
}

// appendPageFields appends what stands beside Records.
func (s *Server) appendPageFields(body []byte, q listQuery, total int) []byte {
	switch s.config.PageFields {
	case PageFieldsNone:
		return body
	case PageFieldsOdd:
		return append(body, `,"records":[],"Total":"0","page":-1,"NextToken":null,"HasMore":false,"Count":{}`...)
	}
	return fmt.Appendf(body, `,"PageNumber":%d,"PageSize":%d,"TotalRecords":%d`, q.number, q.size, total)
}

// appendEdited appends the records of a page as Config.EditRecords will have them.
func (s *Server) appendEdited(b []byte, c *call, v *view, found span, q listQuery, from, to int) []byte {
	var page []air.Job
	for i := from; i < to; i++ {
		j := v.job(found.inOrder(i, q.descending))
		j.Services = nil
		page = append(page, j)
	}
	for i, j := range s.config.EditRecords(c.Request, page) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, mustMarshal(j)...)
	}
	return b
}

func (v *view) matches(n uint32, q listQuery) bool {
	r := &v.jobs[n]
	if q.batch != "" && v.profiles[r.profile].batch != q.batch || !strings.Contains(r.name(), q.name) {
		return false
	}
	if q.status == "" {
		return true
	}
	status, _ := v.state(n)
	return status == q.status
}
