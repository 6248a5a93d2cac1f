package air

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// MaxPageSize is the largest page that GET /jobs gives.
const MaxPageSize = 100

// ListQuery selects the jobs that GET /jobs lists. Empty filters select all. Whether AiR
// matches Name exactly or in part is not documented: compare the names that come back.
type ListQuery struct {
	Batch, Name, Status string
	PageNumber          int  // from 1; 0: 1
	PageSize            int  // 1 to 100; 0: 100
	Descending          bool // newest first; else oldest first
	// Fresh uses a new connection, so that a late or repeated answer
	// to another request is not taken for this one's.
	Fresh bool
}

// Page is one page of jobs.
type Page struct {
	Jobs []Job
	// Odd are the records that are jobs without a usable Id: nothing can be concluded
	// from what the page does not show.
	Odd []UnreadableJob
	// Short reports that the page is shorter than PageSize.
	Short bool
	// Date is the answer's Date header (RFC 9110), zero if absent or invalid.
	Date time.Time
}

// UnreadableJob is a record of a job whose Id is missing or cannot be used. Job.ID is empty; of
// the other fields any may be.
type UnreadableJob struct {
	Job
	Err error
}

// List asks GET /jobs for one page, sorted by Created. An answer that is no list of
// jobs is an error, never an empty page. Errors of the API and the network are
// *Error.
func (c *Client) List(ctx context.Context, q ListQuery) (Page, error) {
	if q.PageNumber == 0 {
		q.PageNumber = 1
	}
	if q.PageSize == 0 {
		q.PageSize = MaxPageSize
	}
	if q.PageNumber < 0 || q.PageSize < 0 || q.PageSize > MaxPageSize {
		return Page{}, fmt.Errorf("list jobs: page %d of size %d cannot be asked for", q.PageNumber, q.PageSize)
	}
	a, err := c.get(ctx, request{method: http.MethodGet, query: q.values(), limit: maxPage, fresh: q.Fresh})
	if err != nil {
		return Page{}, err
	}
	records, err := decodePage(a.body)
	if err != nil {
		return Page{}, c.unreadable(a, err)
	}
	page := Page{Short: len(records) < q.PageSize, Date: a.date, Jobs: make([]Job, 0, len(records))}
	for _, r := range records {
		if r.Err == nil && r.ID != c.redact.replace(r.ID) {
			r.ID, r.Err = "", errSecretID
		}
		c.redact.job(&r.Job)
		if r.Err == nil {
			page.Jobs = append(page.Jobs, r.Job)
		} else {
			page.Odd = append(page.Odd, UnreadableJob{r.Job, c.redact.error(r.Err)})
		}
	}
	return page, nil
}

func (q ListQuery) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("batch", q.Batch)
	set("name", q.Name)
	set("status", q.Status)
	v.Set("pageNumber", strconv.Itoa(q.PageNumber))
	v.Set("pageSize", strconv.Itoa(q.PageSize)) // the pages disagree on its default
	v.Set("sortBy", "Created")
	v.Set("sortOrder", "Asc")
	if q.Descending {
		v.Set("sortOrder", "Desc")
	}
	return v
}

// get sends one GET and turns all but a whole 2xx answer into an *Error.
func (c *Client) get(ctx context.Context, r request) (response, error) {
	a := c.do(ctx, r)
	if a.err == nil && a.status >= 200 && a.status < 300 {
		return a, nil
	}
	e := &Error{Status: a.status, Date: a.date, Written: a.written, Proxy: a.proxy, Err: a.err}
	if a.err == nil {
		e.Code, e.Message = c.redact.problem(a.body)
		e.location = c.redact.text(a.location)
		if e.Code == "" && e.Message == "" {
			e.Excerpt = c.redact.excerpt(a.body)
		}
	}
	return response{}, e
}

// unreadable is the error for a 2xx answer that is not what was asked for.
func (c *Client) unreadable(a response, err error) error {
	return &Error{
		Status: a.status, Date: a.date, Written: true, Excerpt: c.redact.excerpt(a.body),
		Err: fmt.Errorf("read the answer: %w", c.redact.error(err)),
	}
}
